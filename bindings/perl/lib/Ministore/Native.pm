# Loads what SWIG makes of bindings/ministore.i, and gives its objects back when they are forgotten.

package Ministore::Native;
use strict;
use warnings;
use XSLoader;

XSLoader::load('Ministore::Native');

my %class = (
    Journal       => '_p_Journal',
    Cursor        => '_p_Cursor',
    Options       => '_p_ministore_options',
    CursorOptions => '_p_ministore_cursor_options',
    Info          => '_p_ministore_info',
    CursorInfo    => '_p_ministore_cursor_info',
    VerifyInfo    => '_p_ministore_verify_info',
    RepairInfo    => '_p_ministore_repair_info',
);

# An object belongs to the Perl thread that made it: in others it is not there.
while (my ($name, $class) = each %class) {
    no strict 'refs';
    *{"${class}::DESTROY"}    = \&{"delete_$name"};
    *{"${class}::CLONE_SKIP"} = sub { 1 };
}

# The fields of an info as a hash.
sub fields {
    my ($info, $name, @fields) = @_;
    no strict 'refs';
    return { map { $_ => &{"${name}_${_}_get"}($info) } @fields };
}

1;
