;;; The failures of ministore: an exception type with the status's name as its code, and the place where there is one.

(define-module (ministore errors)
  #:use-module (ice-9 exceptions)
  #:export (&ministore-error ministore-error? ministore-error-code ministore-error-message ministore-error-path
            ministore-error-segment ministore-error-line ministore-error-offset ministore-error-sequence
            ministore-error-errno ministore-error-verified
            raise-native raise-failure with-verified))

;; 0 and "" stand for "does not apply". For a record that append refuses, `line` is its number in the list.
(define &ministore-error
  (make-exception-type '&ministore-error &error '(code path segment line offset sequence errno)))
(define make-ministore-error (record-constructor &ministore-error))
(define ministore-error? (exception-predicate &ministore-error))

(define-syntax-rule (define-accessor name field)
  (define name (exception-accessor &ministore-error (record-accessor &ministore-error field))))

(define-accessor ministore-error-code 'code)
(define-accessor ministore-error-path 'path)
(define-accessor ministore-error-segment 'segment)
(define-accessor ministore-error-line 'line)
(define-accessor ministore-error-offset 'offset)
(define-accessor ministore-error-sequence 'sequence)
(define-accessor ministore-error-errno 'errno)

(define (ministore-error-message failure) (exception-message failure))

;; What verify found in all, on the failure that it raises; #f on others.
(define &verified (make-exception-type '&verified &exception '(info)))
(define make-verified (record-constructor &verified))
(define verified? (exception-predicate &verified))
(define verified-info (exception-accessor &verified (record-accessor &verified 'info)))

(define (with-verified failure info) (make-exception failure (make-verified info)))
(define (ministore-error-verified failure) (and (verified? failure) (verified-info failure)))

(define* (raise-failure code message #:key (path "") (segment "") (line 0) (offset 0) (sequence 0) (errno 0))
  (raise-exception
   (make-exception (make-ministore-error code path segment line offset sequence errno)
                   (make-exception-with-message message))))

;; The native part calls this when a call fails.
(define (raise-native code message errno sequence line offset segment path)
  (raise-failure code message #:errno errno #:sequence sequence #:line line #:offset offset #:segment segment
                 #:path path))
