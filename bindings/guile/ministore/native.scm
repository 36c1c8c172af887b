;;; What SWIG makes of the C interface, under the names that it gives.

(define-module (ministore native)
  #:use-module (ministore errors))

(load-extension "libguile-ministore" "scm_init_ministore_native_module")
(module-export-all! (current-module))
