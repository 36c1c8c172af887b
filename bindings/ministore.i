// The interface of ministore for SWIG, the same for every language: this file is its table of contents.
// What one language needs stands in its folder, in LANGUAGE/LANGUAGE.i, and comes first (docs/add-a-language.md).
//
// Build it as: swig -LANGUAGE -module NAME -Ibindings -Icore/include bindings/ministore.i

%module ministore_native

%{
#include "ministore.h"
static const char *handles_status_name(ministore_status status);
%}

#if defined(SWIGRUBY)
%include "ruby/ruby.i"
#elif defined(SWIGPERL)
%include "perl/perl.i"
#elif defined(SWIGJAVA)
%include "java/java.i"
#elif defined(SWIGTCL)
%include "tcl/tcl.i"
#elif defined(SWIGCSHARP)
%include "csharp/csharp.i"
#elif defined(SWIGPHP)
%include "php/php.i"
#elif defined(SWIGGUILE)
%include "guile/ministore_guile.i" // SWIG takes guile.i for its own
#endif

%{
#include "handles.h"
%}

%include <stdint.i>
%include "errors.i"  // a failure becomes the language's exception
%include "header.i"  // constants, options and infos, from the C header itself
%include "journal.i" // Journal: a journal open for writing
%include "cursor.i"  // Cursor: a reader
%include "care.i"    // verify, repair, validate, version
