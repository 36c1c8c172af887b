;;; What the tests share: a fresh folder for each, whole files as bytes, failures as values.

(use-modules (ministore) (ice-9 binary-ports) (ice-9 exceptions) (ice-9 ftw) (ice-9 match) (ice-9 receive)
             (ice-9 textual-ports) (rnrs bytevectors) (srfi srfi-1) (srfi srfi-43) (srfi srfi-64))

(define (new-folder)
  (mkdtemp (string-append (or (getenv "TMPDIR") "/tmp") "/ministore-XXXXXX")))

(define (run-command . words)
  (unless (zero? (apply system* words)) (error "failed:" words)))

(define (remove-folder folder) (run-command "rm" "-rf" folder))

;; (proc folder), with the folder removed however proc is left.
(define (call-with-folder proc)
  (let ((folder (new-folder)))
    (dynamic-wind (const #t) (lambda () (proc folder)) (lambda () (remove-folder folder)))))

(define (call-with-path proc)
  (call-with-folder (lambda (folder) (proc (string-append folder "/j")))))

(define (read-file path)
  (let ((bytes (call-with-port (open-file path "rb") get-bytevector-all)))
    (if (eof-object? bytes) (make-bytevector 0) bytes)))

(define (write-file path bytes)
  (call-with-port (open-file path "wb") (lambda (port) (put-bytevector port bytes))))

;; What a thunk raises; it is an error if it raises nothing.
(define (failure-of thunk)
  (with-exception-handler identity
    (lambda () (error "it went through:" (thunk)))
    #:unwind? #t))

;; The same with the values of a thunk that went through: (proc values …).
(define (try thunk proc fail)
  ((with-exception-handler
       (lambda (failure) (lambda () (fail failure)))
     (lambda () (call-with-values thunk (lambda results (lambda () (apply proc results)))))
     #:unwind? #t
     #:unwind-for-type &ministore-error)))
