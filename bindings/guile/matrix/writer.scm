;;; The Guile side of the matrix of languages. `writer.scm append JOURNAL SEGMENT_BYTES` appends the lines of stdin as
;;; records, two thirds one by one and the rest as one commit; `writer.scm replay JOURNAL` prints all records.

(use-modules (ministore) (ice-9 binary-ports) (ice-9 match) (ice-9 rdelim) (srfi srfi-1))

(define (read-lines port)
  (let loop ((lines '()))
    (let ((line (read-line port)))
      (if (eof-object? line) (reverse lines) (loop (cons line lines))))))

(define (append-lines path segment-bytes)
  (set-port-encoding! (current-input-port) "UTF-8")
  (let* ((records (read-lines (current-input-port)))
         (singles (quotient (* 2 (length records)) 3)))
    (call-with-journal path
      (lambda (journal)
        (for-each (lambda (record) (journal-append! journal record)) (take records singles))
        (journal-append-many! journal (drop records singles)))
      #:max-bytes-per-segment (string->number segment-bytes))))

(define (print-all path)
  (replay path
          (lambda (record sequence)
            (put-bytevector (current-output-port) record)
            (newline))
          #:raw? #t))

(match (cdr (command-line))
  (("append" path segment-bytes) (append-lines path segment-bytes))
  (("replay" path) (print-all path)))
