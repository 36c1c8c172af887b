;;; The runner of the conformance suite: takes every scenario of tests/conformance through the modules' procedures.
;;; What the steps mean is written in tests/conformance/README.md.

(use-modules (json))

(define suite (string-append folder-of-tests "/../../../tests/conformance"))
(unless (= (umask) #o022) (error "the conformance suite wants umask 022"))

;;; ---- values: objects are association lists, arrays are vectors ----

(define (expect got expected what)
  (unless (equal? got expected)
    (error (format #f "~A: expected ~S, got ~S" what expected got))))

(define (field object name) (assoc-ref object name))

(define (check-known object names what)
  (for-each (lambda (pair)
              (unless (member (car pair) names) (error (format #f "unknown field of ~A: ~A" what (car pair)))))
            object))

(define (bytes-join parts)
  (receive (port get) (open-bytevector-output-port)
    (for-each (lambda (part) (put-bytevector port part)) parts)
    (get)))

(define (hex->bytes hex)
  (u8-list->bytevector
   (map (lambda (i) (string->number (substring hex (* 2 i) (+ 2 (* 2 i))) 16)) (iota (quotient (string-length hex) 2)))))

(define byte-fields '("text" "hex" "parts" "repeat"))

(define (only names object) (filter (lambda (pair) (member (car pair) names)) object))

(define (bytes-of value)
  (check-known value byte-fields "bytes")
  (let ((bytes (cond ((field value "text") => string->utf8)
                     ((field value "hex") => hex->bytes)
                     (else (bytes-join (map bytes-of (vector->list (field value "parts"))))))))
    (bytes-join (make-list (string->number (or (field value "repeat") "1")) bytes))))

(define (record-of value) (if (string? value) (string->utf8 value) (bytes-of value)))
(define (records-of value) (map record-of (vector->list (or value #()))))
(define (number-of value) (and value (string->number value)))

;;; ---- expectations ----

(define (expect-error failure expected)
  (unless (ministore-error? failure) (error (format #f "no error of ministore: ~S" failure)))
  (check-known expected '("code" "segment" "line" "offset" "sequence") "an error")
  (let ((got `(("code" . ,(symbol->string (ministore-error-code failure)))
               ("segment" . ,(ministore-error-segment failure))
               ("line" . ,(number->string (ministore-error-line failure)))
               ("offset" . ,(number->string (ministore-error-offset failure)))
               ("sequence" . ,(number->string (ministore-error-sequence failure))))))
    (for-each (match-lambda
                ((name . value) (expect (field got name) value
                                        (format #f "~A of the error (~A)" name (ministore-error-message failure)))))
              expected)))

;; The outcome of a thunk: its result; #f if the step expects that it fails, and it did.
(define (outcome step thunk)
  (let ((expected (field step "error")))
    (try thunk
         (lambda results
           (when expected (error (format #f "expected ~A, but it succeeded" (field expected "code"))))
           (if (null? results) #t (car results)))
         (lambda (failure)
           (unless expected (error (string-append "failed: " (ministore-error-message failure))))
           (expect-error failure expected)
           #f))))

;; The name of a field as a symbol of Guile's kind.
(define (symbol-of name)
  (string->symbol (string-map (lambda (c) (if (char=? c #\_) #\- c)) name)))

(define (expect-fields step info names)
  (for-each (lambda (name)
              (when (and info (field step name))
                (expect (number->string (assq-ref info (symbol-of name))) (field step name) name)))
            names))

;;; ---- the scenario: its folder and handles ----

(define folder #f)
(define handles '())

(define (below name) (string-append folder "/" name))
(define (handle step default) (or (field handles (or (field step "on") default)) (error "no handle")))
(define (name-handle! step default value) (set! handles (acons (or (field step "as") default) value handles)))

(define (close-any each) (if (journal? each) (close-journal each) (close-cursor each)))
(define (close-all) (for-each (lambda (pair) (close-any (cdr pair))) handles) (set! handles '()))

;; Options of the modules for those fields that a step has.
(define (options-of step names)
  (append-map
   (lambda (name)
     (let ((value (field step name)))
       (if value
           (list (symbol->keyword (if (string=? name "at_end") 'at-end? (symbol-of name)))
                 (cond ((member name '("sync" "torn_tail" "on_bad_line")) (string->symbol value))
                       ((string=? name "mode") (string->number value 8))
                       ((string=? name "at_end") value)
                       (else (string->number value))))
           '())))
   names))

;;; ---- reading ----

;; Four values: records, sequences, failures passed, and the failure that ended it or #f.
(define (read-all step cursor)
  (let ((passable (vector-length (or (field step "errors") #()))))
    (let loop ((records '()) (sequences '()) (passed '()))
      (define (done failure) (values (reverse records) (reverse sequences) (reverse passed) failure))
      (try (lambda () (cursor-next cursor))
           (lambda (record sequence)
             (if sequence (loop (cons record records) (cons sequence sequences) passed) (done #f)))
           (lambda (failure)
             (if (= (length passed) passable) (done failure) (loop records sequences (cons failure passed))))))))

;; The same by the loop that a program would use.
(define (loop-over procedure path options)
  (let ((records '()) (sequences '()))
    (define (done failure) (values (reverse records) (reverse sequences) '() failure))
    (try (lambda ()
           (apply procedure path
                  (lambda (record sequence)
                    (set! records (cons record records))
                    (set! sequences (cons sequence sequences)))
                  options))
         (lambda _ (done #f))
         done)))

(define (expect-read step records sequences passed failure)
  (cond ((field step "error") => (lambda (expected) (expect-error failure expected)))
        (failure (error (string-append "failed: " (ministore-error-message failure)))))
  (expect records (records-of (field step "records")) "records")
  (when (field step "sequences")
    (expect (map number->string sequences) (vector->list (field step "sequences")) "sequences"))
  (for-each (lambda (i expected)
              (expect-error (and (< i (length passed)) (list-ref passed i)) expected))
            (iota (vector-length (or (field step "errors") #())))
            (vector->list (or (field step "errors") #()))))

(define (read-step step procedure scope)
  (let ((path (below (field step "path")))
        (options (cons* #:raw? #t (options-of step '("from" "on_bad_line" "max_record_bytes"))))
        (expect-these (lambda results (apply expect-read step results))))
    (if (or (field step "torn_bytes") (field step "errors"))
        (try (lambda () (apply open-cursor path #:scope scope options))
             (lambda (cursor)
               (call-with-values (lambda () (read-all step cursor)) expect-these)
               (expect-fields step (cursor-stat cursor) '("torn_bytes"))
               (close-cursor cursor))
             (lambda (failure) (expect-these '() '() '() failure)))
        (call-with-values (lambda () (loop-over procedure path options)) expect-these))))

;;; ---- the steps: for each its fields and what it does ----

(define steps '())

(define-syntax-rule (define-step name fields (step) body ...)
  (set! steps (acons name (cons fields (lambda (step) body ...)) steps)))

(define open-options
  '("max_bytes_per_segment" "max_segments" "max_record_bytes" "preallocate_bytes" "sync" "torn_tail" "mode"))
(define stat-fields
  '("segments" "first_sequence" "next_sequence" "durable_sequence" "bytes" "torn_bytes" "torn_offset"))
(define read-fields
  '("path" "from" "on_bad_line" "max_record_bytes" "records" "sequences" "error" "errors" "torn_bytes"))
(define follow-options '("from" "at_end" "on_bad_line" "max_record_bytes"))
(define verify-fields
  '("segments" "records" "bytes" "problems" "torn_bytes" "uncovered" "first_sequence" "next_sequence"))
(define repair-fields
  '("cut_bytes" "cut_offset" "cut_lines" "cut_records" "archived_bad_lines" "next_sequence"))

(define-step "open" (append '("path" "as" "error" "torn_bytes") open-options) (step)
  (let ((journal (outcome step (lambda ()
                                 (apply open-journal (below (field step "path")) #:raw? #t
                                        (options-of step open-options))))))
    (when journal
      (name-handle! step "j" journal)
      (expect-fields step (journal-stat journal) '("torn_bytes")))))

(define (expect-sequence step thunk)
  (let ((sequence (outcome step thunk)))
    (when sequence (expect-fields step `((sequence . ,sequence)) '("sequence")))))

(define-step "append" '("on" "record" "sequence" "error") (step)
  (expect-sequence step (lambda () (journal-append! (handle step "j") (record-of (field step "record"))))))
(define-step "append_batch" '("on" "records" "sequence" "error") (step)
  (expect-sequence step (lambda () (journal-append-many! (handle step "j") (records-of (field step "records"))))))
(define-step "sync" '("on" "error") (step) (outcome step (lambda () (journal-sync! (handle step "j")))))
(define-step "rotate" '("on" "error") (step) (outcome step (lambda () (journal-rotate! (handle step "j")))))
(define-step "prune" '("on" "before" "removed" "error") (step)
  (let ((removed (outcome step (lambda () (journal-prune! (handle step "j") (number-of (field step "before")))))))
    (when removed (expect-fields step `((removed . ,removed)) '("removed")))))
(define-step "stat" (append '("on" "error") stat-fields) (step)
  (let ((each (handle step "j")))
    (expect-fields step (outcome step (lambda () (if (journal? each) (journal-stat each) (cursor-stat each))))
                   stat-fields)))
(define-step "close" '("on" "error") (step)
  (outcome step (lambda () (close-any (handle step "j"))))
  (set! handles (assoc-remove! handles (or (field step "on") "j"))))
(define-step "abandon" '() (step)
  (let ((copy (new-folder)))
    (run-command "cp" "-a" "--no-preserve=links" (below ".") copy)
    (close-all)
    (remove-folder folder)
    (set! folder copy)))

(define-step "replay" read-fields (step) (read-step step replay 'replay))
(define-step "stream" read-fields (step) (read-step step stream 'stream))
(define-step "follow" (append '("path" "as" "error") follow-options) (step)
  (let ((cursor (outcome step (lambda ()
                                (apply open-cursor (below (field step "path")) #:raw? #t #:durable? #t
                                       (options-of step follow-options))))))
    (when cursor (name-handle! step "c" cursor))))
(define-step "next" '("on" "records" "sequences" "error" "errors") (step)
  (call-with-values (lambda () (read-all step (handle step "c")))
    (lambda results (apply expect-read step results))))
(define-step "wait" '("on" "timeout_ms" "result" "error") (step)
  (let ((result (outcome step (lambda () (cursor-wait (handle step "c") (number-of (field step "timeout_ms")))))))
    (when (and result (field step "result")) (expect (symbol->string result) (field step "result") "result"))))
(define-step "interrupt" '("on") (step) (cursor-interrupt (handle step "c")))

(define-step "verify" (append '("path" "max_record_bytes" "error") verify-fields) (step)
  (let* ((found #f)
         (info (outcome step (lambda ()
                               (with-exception-handler
                                   (lambda (failure)
                                     (set! found (ministore-error-verified failure))
                                     (raise-exception failure))
                                 (lambda ()
                                   (apply verify-journal (below (field step "path"))
                                          (options-of step '("max_record_bytes")))))))))
    (expect-fields step (or info found) verify-fields)))
(define-step "repair" (append '("path" "dry_run" "max_record_bytes" "error") repair-fields) (step)
  (expect-fields step (outcome step (lambda ()
                                      (apply repair-journal (below (field step "path"))
                                             #:dry-run? (field step "dry_run")
                                             (options-of step '("max_record_bytes")))))
                 repair-fields))
(define-step "json" '("record" "error") (step)
  (outcome step (lambda () (validate-record (record-of (field step "record"))))))

(define (seek-in port at)
  (if (string=? at "end") (seek port 0 SEEK_END) (seek port (string->number at) SEEK_SET)))

(define-step "put" (append '("file" "at") byte-fields) (step)
  (let* ((path (below (field step "file")))
         (bytes (bytes-of (only byte-fields step)))
         (is-new (not (file-exists? path))))
    (cond ((field step "at")
           => (lambda (at)
                (call-with-port (open-file path "r+b")
                  (lambda (port) (seek-in port at) (put-bytevector port bytes)))))
          (else
           (write-file path bytes)
           (when is-new (chmod path #o600))))))
(define-step "cut" '("file" "bytes") (step)
  (truncate-file (below (field step "file")) (number-of (field step "bytes"))))
(define-step "mkdir" '("file") (step) (mkdir (below (field step "file"))))
(define-step "link" '("file" "target") (step) (link (below (field step "target")) (below (field step "file"))))
(define-step "symlink" '("file" "target") (step) (symlink (field step "target") (below (field step "file"))))
(define-step "fifo" '("file") (step) (mknod (below (field step "file")) 'fifo #o600 0))
(define-step "chmod" '("file" "mode") (step)
  (chmod (below (field step "file")) (string->number (field step "mode") 8)))
(define-step "rename" '("file" "to") (step) (rename-file (below (field step "file")) (below (field step "to"))))
(define-step "remove" '("file") (step)
  (let ((path (below (field step "file"))))
    (if (eq? (stat:type (lstat path)) 'directory) (rmdir path) (delete-file path))))

;; Names of all that is in the folder and below, but folders.
(define* (names-below #:optional (prefix ""))
  (append-map
   (lambda (name)
     (if (eq? (stat:type (lstat (below (string-append prefix name)))) 'directory)
         (names-below (string-append prefix name "/"))
         (list (string-append prefix name))))
   (scandir (below prefix) (lambda (name) (not (member name '("." "..")))))))

(define (expect-file name expected)
  (check-known expected (append '("bytes" "mode" "target") byte-fields) "a file")
  (let ((path (below name)) (bytes (only byte-fields expected)))
    (unless (null? bytes) (expect (read-file path) (bytes-of bytes) name))
    (when (field expected "bytes")
      (expect (stat:size (lstat path)) (number-of (field expected "bytes")) (string-append name ": bytes")))
    (when (field expected "mode")
      (expect (logand #o7777 (stat:mode (lstat path))) (string->number (field expected "mode") 8)
              (string-append name ": mode")))
    (when (field expected "target")
      (expect (readlink path) (field expected "target") (string-append name ": target")))))

(define (expect-files expected)
  (expect (sort (names-below) string<?) (sort (map car expected) string<?) "names of files")
  (for-each (match-lambda ((name . file) (expect-file name file))) expected))

;;; ---- scenarios ----

(define (run-step step)
  (let ((name (field step "do")))
    (if (string=? name "files")
        (expect-files (remove (lambda (pair) (string=? (car pair) "do")) step))
        (match (or (assoc-ref steps name) (error "unknown step"))
          ((fields . run)
           (check-known step (cons "do" fields) "the step")
           (run step))))))

(define (run-scenario scenario-steps)
  (set! folder (new-folder))
  (dynamic-wind
    (const #t)
    (lambda ()
      (for-each (lambda (number step)
                  (with-exception-handler
                      (lambda (failure)
                        (error (format #f "step ~A (~A): ~A ~S" number (field step "do")
                                       (if (exception-with-message? failure) (exception-message failure) "")
                                       failure)))
                    (lambda () (run-step step))
                    #:unwind? #t))
                (iota (length scenario-steps) 1)
                scenario-steps)
      'ok)
    (lambda ()
      (close-all)
      (remove-folder folder))))

(define (count-of pattern text)
  (let loop ((from 0) (count 0))
    (let ((at (string-contains text pattern from)))
      (if at (loop (1+ at) (1+ count)) count))))

(define count 0)
(define ran 0)

(for-each
 (lambda (file)
   (let ((text (utf8->string (read-file (string-append suite "/" file)))))
     (set! count (+ count (count-of "\"steps\":" text)))
     (vector-for-each
      (lambda (_ scenario)
        (set! ran (1+ ran))
        (test-equal (string-append file ": " (field scenario "name"))
          'ok (run-scenario (vector->list (field scenario "steps")))))
      (json-string->scm text))))
 (scandir suite (lambda (name) (and (string-suffix? ".json" name) (not (string=? name "schema.json"))))))

(test-assert "every scenario of the files was run" (and (> count 0) (= ran count)))
(format #t "conformance: ~A scenarios of ~A~%" ran count)
