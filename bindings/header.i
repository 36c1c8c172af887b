// What is taken from the C header as it is: its constants without their prefix, and the option and info structs as
// classes, whose constructors do what the header asks for (struct_size and defaults).

#ifndef SWIGPHP // where constants are global
%rename("%(strip:[MINISTORE_])s", %$isenumitem) "";
#endif
%rename("$ignore", %$isfunction, %$isglobal, regextarget=1) "^ministore_";
%ignore ministore_error;
%ignore ministore_record;
%ignore ministore_span;
%ignore ministore_batch;
%ignore struct_size;
%ignore reserved;

%rename(Options) ministore_options;
%rename(CursorOptions) ministore_cursor_options;
%rename(Info) ministore_info;
%rename(CursorInfo) ministore_cursor_info;
%rename(VerifyInfo) ministore_verify_info;
%rename(RepairInfo) ministore_repair_info;

#define __attribute__(x)
%include "ministore.h"

%define MINISTORE_CLASS(TYPE, INIT)
%extend TYPE {
    TYPE() {
        TYPE *self = (TYPE *)calloc(1, sizeof *self);
        if (self != NULL) INIT;
        return self;
    }
    ~TYPE() {
        free($self);
    }
}
%enddef

MINISTORE_CLASS(ministore_options, ministore_options_init(self, sizeof *self))
MINISTORE_CLASS(ministore_cursor_options, ministore_cursor_options_init(self, sizeof *self))
MINISTORE_CLASS(ministore_info, self->struct_size = sizeof *self)
MINISTORE_CLASS(ministore_cursor_info, self->struct_size = sizeof *self)
MINISTORE_CLASS(ministore_verify_info, self->struct_size = sizeof *self)
MINISTORE_CLASS(ministore_repair_info, self->struct_size = sizeof *self)
