dnl Tells phpize how to build the extension from the folder that `make package` fills: generated wrapper and core.
PHP_ARG_ENABLE([ministore], [whether to enable ministore], [AS_HELP_STRING([--enable-ministore], [Enable ministore])],
  [yes])

if test "$PHP_MINISTORE" != "no"; then
  ministore_core=`cd "$ext_srcdir" && echo core/*.c`
  PHP_NEW_EXTENSION([ministore], [ministore_wrap.c $ministore_core], [$ext_shared],,
    [-std=gnu11 -fvisibility=hidden -pthread -DMINISTORE_EMBED -DSWIG_TYPE_TABLE=ministore -I@ext_srcdir@ -I@ext_srcdir@/core/include])
  PHP_ADD_BUILD_DIR([$ext_builddir/core])
fi
