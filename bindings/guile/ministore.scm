;;; ministore: an append-only journal of JSON records in plain text files. The procedures of the package; docs/guile.md
;;; describes them.

(define-module (ministore)
  #:use-module ((ice-9 binary-ports) #:select (eof-object))
  #:use-module (ice-9 match)
  #:use-module (ice-9 exceptions)
  #:use-module (rnrs bytevectors)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:use-module (ministore errors)
  #:use-module ((ministore native) #:prefix native:)
  #:re-export (&ministore-error ministore-error? ministore-error-code ministore-error-message ministore-error-path
               ministore-error-segment ministore-error-line ministore-error-offset ministore-error-sequence
               ministore-error-errno ministore-error-verified)
  #:export (open-journal journal? journal-append! journal-append-many! journal-sync! journal-rotate! journal-prune!
            journal-stat close-journal call-with-journal
            open-cursor cursor? cursor-next cursor-wait cursor-interrupt cursor-stat close-cursor
            replay stream follow replay-fold
            verify-journal repair-journal validate-record ministore-version))

(define max-record-bytes-default (* 64 1024 1024))

;; The value that goes with a symbol; an unknown symbol is the caller's mistake.
(define-syntax-rule (choose who value (symbol constant) ...)
  (case value
    ((symbol) (constant)) ...
    (else (scm-error 'wrong-type-arg who "one of ~S expected: ~S" (list '(symbol ...) value) (list value)))))

;;; ---- records: strings of JSON text, bytevectors (raw), or what a procedure of the caller makes of the text ----

(define (encoder raw? encode)
  (cond (raw? identity)
        (encode (lambda (record) (string->utf8 (encode record))))
        (else string->utf8)))

(define (decoder raw? decode)
  (cond (raw? identity)
        (decode (lambda (bytes) (decode (utf8->string bytes))))
        (else utf8->string)))

;; Call a thunk of the caller's codec; what it raises becomes a DECODE failure by way of (fail message).
(define (guarding thunk fail)
  (with-exception-handler
      (lambda (reason)
        (fail (if (exception-with-message? reason)
                  (format #f "~A ~S" (exception-message reason)
                          (if (exception-with-irritants? reason) (exception-irritants reason) '()))
                  (format #f "~S" reason))))
    thunk
    #:unwind? #t))

;;; ---- a journal open for writing ----

(define-record-type <journal>
  (make-journal native path encode)
  journal?
  (native journal-native)
  (path journal-path)
  (encode journal-encode))

(set-record-type-printer! <journal> (lambda (journal port) (format port "#<journal ~A>" (journal-path journal))))

(define* (open-journal path #:key max-bytes-per-segment max-segments (max-record-bytes max-record-bytes-default)
                       (preallocate-bytes 0) (mode #o600) (sync 'always) (torn-tail 'cut) raw? encode)
  (let ((options (native:new-Options)))
    (when max-bytes-per-segment (native:Options-max-bytes-per-segment-set options max-bytes-per-segment))
    (when max-segments (native:Options-max-segments-set options max-segments))
    (native:Options-max-record-bytes-set options max-record-bytes)
    (native:Options-preallocate-bytes-set options preallocate-bytes)
    (native:Options-mode-set options mode)
    (native:Options-sync-set options (choose "open-journal" sync (always native:SYNC-ALWAYS) (manual native:SYNC-MANUAL)))
    (native:Options-torn-tail-set
     options (choose "open-journal" torn-tail (cut native:TORN-TAIL-CUT) (refuse native:TORN-TAIL-REFUSE)))
    (make-journal (native:new-Journal path options) path (encoder raw? encode))))

(define (encode-record journal record number)
  (guarding (lambda () ((journal-encode journal) record))
            (lambda (why)
              (raise-failure 'DECODE (format #f "~A: record ~A: ~A" (journal-path journal) number why)
                             #:path (journal-path journal) #:line number))))

;; The record's sequence number; it is durable when this returns.
(define (journal-append! journal record)
  (native:Journal-append (journal-native journal) (encode-record journal record 1)))

(define line-feed 10)

(define (index-of byte bytes)
  (let ((size (bytevector-length bytes)))
    (let loop ((i 0))
      (cond ((= i size) #f)
            ((= (bytevector-u8-ref bytes i) byte) i)
            (else (loop (1+ i)))))))

(define (check-line journal bytes number)
  (let ((offset (index-of line-feed bytes)))
    (when offset
      (raise-failure 'INVALID_JSON (format #f "~A: record ~A: a line feed in a record" (journal-path journal) number)
                     #:path (journal-path journal) #:line number #:offset offset))
    bytes))

;; Bytevectors one behind the other, each ended by a line feed.
(define (join-lines lines)
  (let ((all (make-bytevector (fold (lambda (line sum) (+ sum (bytevector-length line) 1)) 0 lines) line-feed)))
    (let loop ((lines lines) (at 0))
      (match lines
        (() all)
        ((line . rest)
         (bytevector-copy! line 0 all at (bytevector-length line))
         (loop rest (+ at (bytevector-length line) 1)))))))

;; One commit: after a crash all records of the list are there or none. The last one's sequence number, 0 for none.
(define (journal-append-many! journal records)
  (let loop ((records records) (number 1) (lines '()))
    (match records
      (() (native:Journal-append-batch (journal-native journal) (join-lines (reverse! lines))))
      ((record . rest)
       (let ((line (check-line journal (encode-record journal record number) number)))
         (loop rest (1+ number) (cons line lines)))))))

(define (journal-sync! journal) (native:Journal-sync (journal-native journal)))
(define (journal-rotate! journal) (native:Journal-rotate (journal-native journal)))

;; Remove archived segments all of whose records are older than `before`; how many.
(define (journal-prune! journal before) (native:Journal-prune (journal-native journal) before))

;; The fields of a C struct as an association list.
(define-syntax-rule (fields info (name get) ...)
  (list (cons 'name (get info)) ...))

(define (journal-stat journal)
  (let ((info (native:new-Info)))
    (native:Journal-stat (journal-native journal) info)
    (fields info (segments native:Info-segments-get) (first-sequence native:Info-first-sequence-get)
            (next-sequence native:Info-next-sequence-get) (durable-sequence native:Info-durable-sequence-get)
            (bytes native:Info-bytes-get) (torn-bytes native:Info-torn-bytes-get)
            (torn-offset native:Info-torn-offset-get))))

;; Closing again is fine.
(define (close-journal journal) (native:Journal-close (journal-native journal)))

;; (proc journal), with the journal closed however proc is left.
(define (call-with-journal path proc . options)
  (let ((journal (apply open-journal path options)))
    (dynamic-wind
      (const #t)
      (lambda () (proc journal))
      (lambda () (close-journal journal)))))

;;; ---- a reader ----

(define-record-type <cursor>
  (make-cursor native path decode batch at)
  cursor?
  (native cursor-native)
  (path cursor-path)
  (decode cursor-decode)
  (batch cursor-batch set-cursor-batch!) ; #(records sequence line offset spans segment), or #f
  (at cursor-at set-cursor-at!))         ; how many of its records were handed out

(set-record-type-printer! <cursor> (lambda (cursor port) (format port "#<cursor ~A>" (cursor-path cursor))))

(define* (open-cursor path #:key (scope 'replay) (from 0) at-end? (on-bad-line 'stop) durable?
                      (max-record-bytes max-record-bytes-default) raw? decode)
  (let ((options (native:new-CursorOptions)))
    (native:CursorOptions-scope-set
     options (choose "open-cursor" scope (replay native:REPLAY) (stream native:STREAM)))
    (native:CursorOptions-from-set options from)
    (native:CursorOptions-at-end-set options (if at-end? 1 0))
    (native:CursorOptions-on-bad-line-set
     options (choose "open-cursor" on-bad-line (stop native:BAD-LINE-STOP) (skip native:BAD-LINE-SKIP)))
    (native:CursorOptions-durable-set options (if durable? 1 0))
    (native:CursorOptions-max-record-bytes-set options max-record-bytes)
    (make-cursor (native:new-Cursor path options) path (decoder raw? decode) #f 0)))

(define (buffered? cursor)
  (and (cursor-batch cursor)
       (< (cursor-at cursor) (vector-length (vector-ref (cursor-batch cursor) 0)))))

;; Whether there is a record to hand out, having read the next batch if need be.
(define (fill! cursor)
  (or (buffered? cursor)
      (begin
        (set-cursor-batch! cursor #f)
        (set-cursor-at! cursor 0)
        (set-cursor-batch! cursor (native:Cursor-read (cursor-native cursor)))
        (->bool (cursor-batch cursor)))))

(define (decode-record cursor i)
  (match (cursor-batch cursor)
    (#(records sequence line offset spans segment)
     (guarding (lambda () ((cursor-decode cursor) (vector-ref records i)))
               (lambda (why)
                 (raise-failure 'DECODE (format #f "~A:~A: ~A" segment (+ line i) why)
                                #:path (cursor-path cursor) #:segment segment #:line (+ line i)
                                #:offset (+ offset (bytevector-u32-native-ref spans (* 8 i)))
                                #:sequence (+ sequence i)))))))

;; Two values, the next record and its sequence number; at the end the end-of-file object and #f. Asked again later, it
;; goes on.
(define (cursor-next cursor)
  (if (fill! cursor)
      (let ((i (cursor-at cursor)))
        (set-cursor-at! cursor (1+ i))
        (values (decode-record cursor i) (+ (vector-ref (cursor-batch cursor) 1) i)))
      (values (eof-object) #f)))

;; ready, timeout or interrupted; without a time it waits for ever.
(define* (cursor-wait cursor #:optional milliseconds)
  (if (and (buffered? cursor) (not (native:Cursor-is-closed (cursor-native cursor))))
      'ready
      (let ((status (native:Cursor-wait (cursor-native cursor) (or milliseconds -1))))
        (cond ((= status (native:TIMEOUT)) 'timeout)
              ((= status (native:INTERRUPTED)) 'interrupted)
              (else 'ready)))))

;; Any thread and any signal handler may call this.
(define (cursor-interrupt cursor) (native:Cursor-interrupt (cursor-native cursor)))

(define (cursor-stat cursor)
  (let ((info (native:new-CursorInfo)))
    (native:Cursor-stat (cursor-native cursor) info)
    (let ((found (fields info (segments native:CursorInfo-segments-get)
                         (first-sequence native:CursorInfo-first-sequence-get)
                         (next-sequence native:CursorInfo-next-sequence-get) (bytes native:CursorInfo-bytes-get)
                         (torn-bytes native:CursorInfo-torn-bytes-get)
                         (torn-offset native:CursorInfo-torn-offset-get))))
      ;; Records that were read from the file, but not yet handed out, come next.
      (if (buffered? cursor)
          (assq-set! found 'next-sequence (+ (vector-ref (cursor-batch cursor) 1) (cursor-at cursor)))
          found))))

(define (close-cursor cursor)
  (native:Cursor-close (cursor-native cursor))
  (set-cursor-batch! cursor #f))

;;; ---- loops ----

;; Call (proc record sequence) for each record that there is now.
(define (each-now proc cursor)
  (let loop ()
    (when (fill! cursor)
      (call-with-values (lambda () (cursor-next cursor)) proc)
      (loop))))

(define (call-with-cursor cursor proc)
  (dynamic-wind
    (const #t)
    (lambda () (proc cursor))
    (lambda () (close-cursor cursor))))

;; Call (proc record sequence) for all records, oldest first, to the end as it is now. Options as for open-cursor.
(define (replay path proc . options)
  (call-with-cursor (apply open-cursor path options)
                    (lambda (cursor) (each-now proc cursor))))

;; The records of one segment file.
(define (stream path proc . options)
  (apply replay path proc #:scope 'stream options))

;; (proc record sequence state) gives the next state; the last one is the result.
(define (replay-fold path proc state . options)
  (apply replay path (lambda (record sequence) (set! state (proc record sequence state))) options)
  state)

;; All records, then what is appended; ends when nothing came for `timeout` milliseconds. What is handed out is durable,
;; unless told otherwise.
(define* (follow path proc #:key timeout (durable? #t) #:allow-other-keys #:rest options)
  (call-with-cursor
   (apply open-cursor path #:durable? durable? (without '(#:timeout #:durable?) options))
   (lambda (cursor)
     (let loop ()
       (each-now proc cursor)
       (when (eq? (await cursor timeout) 'ready) (loop))))))

(define (without keywords options)
  (match options
    ((keyword value . rest)
     (if (memq keyword keywords)
         (without keywords rest)
         (cons* keyword value (without keywords rest))))
    (() '())))

(define (milliseconds-now) (quotient (* 1000 (get-internal-real-time)) internal-time-units-per-second))

;; A signal ends a wait early, and so does a collection that another thread begins. Guile hands signals to its handlers
;; from a thread of its own: give that a moment, then wait for the rest of the time.
(define (await cursor timeout)
  (let ((end (and timeout (+ (milliseconds-now) timeout))))
    (let loop ((rest timeout))
      (let ((outcome (cursor-wait cursor rest)))
        (cond ((eq? outcome 'interrupted)
               (usleep 10000)
               (loop (and end (max 0 (- end (milliseconds-now))))))
              (else outcome))))))

;;; ---- care ----

;; What was found; the failure of a bad journal has the same as ministore-error-verified.
(define* (verify-journal path #:key (max-record-bytes max-record-bytes-default))
  (let* ((info (native:new-VerifyInfo))
         (found (lambda ()
                  (fields info (segments native:VerifyInfo-segments-get) (records native:VerifyInfo-records-get)
                          (bytes native:VerifyInfo-bytes-get) (problems native:VerifyInfo-problems-get)
                          (torn-bytes native:VerifyInfo-torn-bytes-get)
                          (uncovered native:VerifyInfo-uncovered-get)
                          (first-sequence native:VerifyInfo-first-sequence-get)
                          (next-sequence native:VerifyInfo-next-sequence-get)))))
    (with-exception-handler
        (lambda (failure) (raise-exception (with-verified failure (found))))
      (lambda () (native:verify path max-record-bytes info))
      #:unwind? #t)
    (found)))

(define* (repair-journal path #:key dry-run? (max-record-bytes max-record-bytes-default))
  (let ((info (native:new-RepairInfo)))
    (native:repair path (->bool dry-run?) max-record-bytes info)
    (fields info (cut-bytes native:RepairInfo-cut-bytes-get) (cut-offset native:RepairInfo-cut-offset-get)
            (cut-lines native:RepairInfo-cut-lines-get) (cut-records native:RepairInfo-cut-records-get)
            (archived-bad-lines native:RepairInfo-archived-bad-lines-get)
            (next-sequence native:RepairInfo-next-sequence-get))))

;; Whether append would take a text, a string or a bytevector; the failure says why not.
(define (validate-record text)
  (native:validate (if (string? text) (string->utf8 text) text)))

(define (ministore-version) (native:version))
