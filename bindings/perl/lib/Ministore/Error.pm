# The exception of ministore: an object with the failure's code and place, that is its message in a string.

package Ministore::Error;
use strict;
use warnings;
use overload '""' => sub { $_[0]{message} }, 'bool' => sub { 1 }, fallback => 1;

our $VERSION = '0.2.0';

my %default = (
    code => 'UNKNOWN', message => '', errno => 0, sequence => 0, line => 0, offset => 0, segment => '', path => '',
);

sub new {
    my ($class, %fields) = @_;
    return bless { %default, %fields }, $class;
}

sub throw {
    my $class = shift;
    die $class->new(@_);
}

for my $field (keys %default, qw(verified cause)) {
    no strict 'refs';
    *{$field} = sub { $_[0]{$field} };
}

1;

__END__

=encoding utf8

=head1 NAME

Ministore::Error - the exception of Ministore

=head1 SYNOPSIS

    use Scalar::Util 'blessed';
    my $journal = eval { Ministore->open($path) };
    if (my $error = $@) {
        die $error unless blessed $error && $error->isa('Ministore::Error');
        warn 'somebody else writes' if $error->code eq 'LOCKED';
    }

=head1 FIELDS

C<code> (C<LOCKED>, C<CORRUPT>, ...), C<message> (what the object is in a string), C<path>, C<segment>, C<line>,
C<offset>, C<sequence> (the place; 0 and the empty string stand for "does not apply"), C<errno> (the system's error
number), C<verified> (on what C<verify> throws: all it found), C<cause> (of a record that cannot be decoded: the codec's
words).

=cut
