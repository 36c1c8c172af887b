/*
 * Prints size and field offsets of every public struct and the value of every constant, for check_layout.sh to
 * compare with layout.txt. What is added to the header is added here.
 */
#include "ministore.h"

#include <stdio.h>

#define STRUCT(type) printf("%-26s %4zu\n", #type, sizeof(type))
#define FIELD(type, field) printf("    %-22s %4zu %4zu\n", #field, offsetof(type, field), sizeof(((type *)0)->field))

#define CONSTANT(name) printf("%-30s %3d\n", #name, name)

static void ministore_error_layout(void)
{
    STRUCT(ministore_error);
    FIELD(ministore_error, status);
    FIELD(ministore_error, os_error);
    FIELD(ministore_error, sequence);
    FIELD(ministore_error, line);
    FIELD(ministore_error, offset);
    FIELD(ministore_error, reserved);
    FIELD(ministore_error, segment);
    FIELD(ministore_error, path);
    FIELD(ministore_error, message);
}

static void ministore_record_layout(void)
{
    STRUCT(ministore_record);
    FIELD(ministore_record, data);
    FIELD(ministore_record, size);
    FIELD(ministore_record, sequence);
    FIELD(ministore_record, segment);
    FIELD(ministore_record, line);
    FIELD(ministore_record, offset);
    FIELD(ministore_record, reserved);
}

static void ministore_span_layout(void)
{
    STRUCT(ministore_span);
    FIELD(ministore_span, offset);
    FIELD(ministore_span, size);
}

static void ministore_batch_layout(void)
{
    STRUCT(ministore_batch);
    FIELD(ministore_batch, data);
    FIELD(ministore_batch, size);
    FIELD(ministore_batch, spans);
    FIELD(ministore_batch, count);
    FIELD(ministore_batch, sequence);
    FIELD(ministore_batch, segment);
    FIELD(ministore_batch, line);
    FIELD(ministore_batch, offset);
    FIELD(ministore_batch, reserved);
}

static void ministore_options_layout(void)
{
    STRUCT(ministore_options);
    FIELD(ministore_options, struct_size);
    FIELD(ministore_options, mode);
    FIELD(ministore_options, max_bytes_per_segment);
    FIELD(ministore_options, max_segments);
    FIELD(ministore_options, sync);
    FIELD(ministore_options, torn_tail);
    FIELD(ministore_options, reserved);
    FIELD(ministore_options, max_record_bytes);
    FIELD(ministore_options, preallocate_bytes);
}

static void ministore_info_layout(void)
{
    STRUCT(ministore_info);
    FIELD(ministore_info, struct_size);
    FIELD(ministore_info, segments);
    FIELD(ministore_info, first_sequence);
    FIELD(ministore_info, next_sequence);
    FIELD(ministore_info, durable_sequence);
    FIELD(ministore_info, bytes);
    FIELD(ministore_info, torn_bytes);
    FIELD(ministore_info, torn_offset);
}

static void ministore_cursor_options_layout(void)
{
    STRUCT(ministore_cursor_options);
    FIELD(ministore_cursor_options, struct_size);
    FIELD(ministore_cursor_options, scope);
    FIELD(ministore_cursor_options, from);
    FIELD(ministore_cursor_options, at_end);
    FIELD(ministore_cursor_options, on_bad_line);
    FIELD(ministore_cursor_options, validate);
    FIELD(ministore_cursor_options, durable);
    FIELD(ministore_cursor_options, max_record_bytes);
}

static void ministore_cursor_info_layout(void)
{
    STRUCT(ministore_cursor_info);
    FIELD(ministore_cursor_info, struct_size);
    FIELD(ministore_cursor_info, segments);
    FIELD(ministore_cursor_info, first_sequence);
    FIELD(ministore_cursor_info, next_sequence);
    FIELD(ministore_cursor_info, bytes);
    FIELD(ministore_cursor_info, torn_bytes);
    FIELD(ministore_cursor_info, torn_offset);
}

static void ministore_verify_info_layout(void)
{
    STRUCT(ministore_verify_info);
    FIELD(ministore_verify_info, struct_size);
    FIELD(ministore_verify_info, segments);
    FIELD(ministore_verify_info, records);
    FIELD(ministore_verify_info, bytes);
    FIELD(ministore_verify_info, problems);
    FIELD(ministore_verify_info, torn_bytes);
    FIELD(ministore_verify_info, uncovered);
    FIELD(ministore_verify_info, first_sequence);
    FIELD(ministore_verify_info, next_sequence);
}

static void ministore_repair_info_layout(void)
{
    STRUCT(ministore_repair_info);
    FIELD(ministore_repair_info, struct_size);
    FIELD(ministore_repair_info, reserved);
    FIELD(ministore_repair_info, cut_bytes);
    FIELD(ministore_repair_info, cut_offset);
    FIELD(ministore_repair_info, cut_lines);
    FIELD(ministore_repair_info, cut_records);
    FIELD(ministore_repair_info, archived_bad_lines);
    FIELD(ministore_repair_info, next_sequence);
}

static void constants(void)
{
    CONSTANT(MINISTORE_OK);
    CONSTANT(MINISTORE_DONE);
    CONSTANT(MINISTORE_TIMEOUT);
    CONSTANT(MINISTORE_INTERRUPTED);
    CONSTANT(MINISTORE_INVALID_ARGUMENT);
    CONSTANT(MINISTORE_NO_MEMORY);
    CONSTANT(MINISTORE_IO);
    CONSTANT(MINISTORE_NO_SPACE);
    CONSTANT(MINISTORE_NOT_A_FILE);
    CONSTANT(MINISTORE_LOCKED);
    CONSTANT(MINISTORE_BAD_HEADER);
    CONSTANT(MINISTORE_UNSUPPORTED_VERSION);
    CONSTANT(MINISTORE_INVALID_JSON);
    CONSTANT(MINISTORE_TOO_LARGE);
    CONSTANT(MINISTORE_CORRUPT);
    CONSTANT(MINISTORE_TORN);
    CONSTANT(MINISTORE_PRUNED);
    CONSTANT(MINISTORE_POISONED);
    CONSTANT(MINISTORE_FORKED);
    CONSTANT(MINISTORE_SYNC_ALWAYS);
    CONSTANT(MINISTORE_SYNC_MANUAL);
    CONSTANT(MINISTORE_TORN_TAIL_CUT);
    CONSTANT(MINISTORE_TORN_TAIL_REFUSE);
    CONSTANT(MINISTORE_REPLAY);
    CONSTANT(MINISTORE_STREAM);
    CONSTANT(MINISTORE_BAD_LINE_STOP);
    CONSTANT(MINISTORE_BAD_LINE_SKIP);
}

int main(void)
{
    ministore_error_layout();
    ministore_record_layout();
    ministore_span_layout();
    ministore_batch_layout();
    ministore_options_layout();
    ministore_info_layout();
    ministore_cursor_options_layout();
    ministore_cursor_info_layout();
    ministore_verify_info_layout();
    ministore_repair_info_layout();
    constants();
    return 0;
}
