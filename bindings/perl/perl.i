// Perl's part of the interface: byte strings and paths in, batches out, exceptions as objects.

%{
/* A hash of all fields, blessed into Ministore::Error, becomes $@. */
static void perl_raise(pTHX_ const ministore_error *err);

#define MINISTORE_RAISE(err)                                                                                           \
    do {                                                                                                               \
        perl_raise(aTHX_ err);                                                                                         \
        SWIG_fail;                                                                                                     \
    } while (0)

static void perl_raise(pTHX_ const ministore_error *err) {
    HV *fields = newHV();
    (void)hv_stores(fields, "code", newSVpv(handles_status_name(err->status), 0));
    (void)hv_stores(fields, "message", newSVpv(err->message, 0));
    (void)hv_stores(fields, "errno", newSViv(err->os_error));
    (void)hv_stores(fields, "sequence", newSVuv(err->sequence));
    (void)hv_stores(fields, "line", newSVuv(err->line));
    (void)hv_stores(fields, "offset", newSVuv(err->offset));
    (void)hv_stores(fields, "segment", newSVpv(err->segment, 0));
    (void)hv_stores(fields, "path", newSVpv(err->path, 0));
    sv_setsv(ERRSV, sv_2mortal(sv_bless(newRV_noinc((SV *)fields), gv_stashpv("Ministore::Error", GV_ADD))));
}

/* [[records], number of the first, its line, offset of the batch, packed spans, segment]. */
static SV *perl_batch(pTHX_ const ministore_batch *batch) {
    AV *records = newAV(), *all = newAV();
    av_extend(records, (SSize_t)batch->count - 1);
    for (size_t i = 0; i < batch->count; i++)
        av_push(records, newSVpvn(batch->data + batch->spans[i].offset, batch->spans[i].size));
    av_push(all, newRV_noinc((SV *)records));
    av_push(all, newSVuv(batch->sequence));
    av_push(all, newSVuv(batch->line));
    av_push(all, newSVuv(batch->offset));
    av_push(all, newSVpvn((const char *)batch->spans, batch->count * sizeof *batch->spans));
    av_push(all, newSVpv(batch->segment, 0));
    return sv_2mortal(newRV_noinc((SV *)all));
}
%}

// A string with a character above 255 is none of bytes: that dies, as everywhere in Perl.
#define MINISTORE_OWN_BYTES
%typemap(in) (const void *data, size_t size) (STRLEN length) {
  $1 = SvPVbyte($input, length);
  $2 = length;
}

%typemap(in) const char *path (STRLEN length) {
  $1 = SvPV($input, length);
  if (strlen($1) != length) SWIG_exception_fail(SWIG_ValueError, "a path holds no NUL bytes");
}

// Nothing is returned at the end.
%typemap(argout) ministore_batch *batch {
  if ($1->count > 0) {
    $result = perl_batch(aTHX_ $1);
    argvi++;
  }
}

// An object is a plain reference to its pointer, and so destroyed once (lib/Ministore/Native.pm), in global destruction
// too; SWIG's own are two, one tied to the other.
%typemap(out) SWIGTYPE * {
  $result = SWIG_NewPointerObj(SWIG_as_voidptr($1), $1_descriptor, 0);
  argvi++;
}
