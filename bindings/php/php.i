// What PHP needs of its own: names that do not stand in everybody's way, batches as arrays, and failures as objects
// of the exception classes in src/exceptions.php.

%{
#include <inttypes.h>

/* Ministore\Exception::fromNative chooses the class and makes the object. */
static void php_raise(const ministore_error *err) {
    zval function, exception, arguments[8];
    ZVAL_STRING(&function, "Ministore\\Exception::fromNative");
    ZVAL_STRING(&arguments[0], handles_status_name(err->status));
    ZVAL_STRING(&arguments[1], err->message);
    ZVAL_LONG(&arguments[2], err->os_error);
    ZVAL_LONG(&arguments[3], (zend_long)err->sequence);
    ZVAL_LONG(&arguments[4], (zend_long)err->line);
    ZVAL_LONG(&arguments[5], (zend_long)err->offset);
    ZVAL_STRING(&arguments[6], err->segment);
    ZVAL_STRING(&arguments[7], err->path);
    if (call_user_function(NULL, NULL, &function, &exception, 8, arguments) == SUCCESS && Z_TYPE(exception) == IS_OBJECT)
        zend_throw_exception_object(&exception);
    for (int i = 0; i < 8; i++) zval_ptr_dtor(&arguments[i]);
    zval_ptr_dtor(&function);
}
#define MINISTORE_RAISE(err)                                                                                           \
    do {                                                                                                               \
        php_raise(err);                                                                                                \
        SWIG_fail;                                                                                                     \
    } while (0)

/* [records, sequence, line, offset, spans, segment]; spans: two 32-bit numbers for each record. */
static void php_batch(zval *result, const ministore_batch *batch) {
    zval records;
    array_init_size(&records, (uint32_t)batch->count);
    for (size_t i = 0; i < batch->count; i++)
        add_next_index_stringl(&records, batch->data + batch->spans[i].offset, batch->spans[i].size);
    array_init_size(result, 6);
    add_next_index_zval(result, &records);
    add_next_index_long(result, (zend_long)batch->sequence);
    add_next_index_long(result, (zend_long)batch->line);
    add_next_index_long(result, (zend_long)batch->offset);
    add_next_index_stringl(result, (const char *)batch->spans, batch->count * sizeof *batch->spans);
    add_next_index_string(result, batch->segment);
}
%}

// PHP's functions are global.
%rename(ministore_native_verify) handles_verify;
%rename(ministore_native_repair) handles_repair;
%rename(ministore_native_validate) handles_validate;
%rename(ministore_native_version) handles_version;

%typemap(argout) ministore_batch *batch {
  if ($1->count > 0) php_batch(return_value, $1);
}

// Beyond PHP_INT_MAX a string of digits.
%apply unsigned long long { uint64_t };

// A constructor that failed leaves its object empty. SWIG would set it to null, and lose it.
%typemap(out) Journal *, Cursor * "if ($1) SWIG_SetPointerZval($result, $1, $1_descriptor, $owner);"
