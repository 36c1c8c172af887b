;;; The first five lines: `guile -s first.scm FOLDER`.
(use-modules (ministore))
(define path (string-append (cadr (command-line)) "/events.jsonl"))

(define sequence
  (call-with-journal path
    (lambda (journal) (journal-append! journal "{\"type\": \"greeting\", \"text\": \"hello\"}"))))
(replay path (lambda (event number) (format #t "~A ~A~%" number event)))

(format #t "appended as number ~A~%" sequence)
