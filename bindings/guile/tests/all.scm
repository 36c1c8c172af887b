;;; Runs all tests of the Guile modules, by SRFI 64, and prints how many passed: make test.

(use-modules (srfi srfi-64))

(define folder-of-tests (canonicalize-path (dirname (car (command-line)))))

;; A runner that prints what fails, and at the end the sum; a test that is skipped has failed.
(define (make-runner)
  (let ((runner (test-runner-null)) (passed 0) (failed 0))
    (test-runner-on-test-end!
     runner
     (lambda (runner)
       (cond ((eq? (test-result-kind runner) 'pass) (set! passed (1+ passed)))
             (else
              (set! failed (1+ failed))
              (format #t "FAILED: ~A~%  ~S~%" (test-runner-test-name runner) (test-result-alist runner))))))
    (test-runner-on-final!
     runner
     (lambda (runner)
       (format #t "~A passed, ~A failed~%" passed failed)
       (exit (and (> passed 0) (= failed 0)))))
    runner))

(test-runner-current (make-runner))
(test-begin "ministore")
(load (string-append folder-of-tests "/support.scm"))
(load (string-append folder-of-tests "/conformance.scm"))
(load (string-append folder-of-tests "/journal.scm"))
(test-end "ministore")
