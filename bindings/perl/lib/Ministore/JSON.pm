# The codec of Ministore: JSON::PP reads; the writer is our own, as JSON::PP writes floating point numbers with fewer
# digits than read back as the same.

package Ministore::JSON;
use strict;
use warnings;
use B ();
use JSON::PP ();
use Scalar::Util qw(blessed reftype);

our $VERSION = '0.2.0';

use constant { DEPTH_READ => 8192, DEPTH_WRITTEN => 128 };

my $reader = JSON::PP->new->utf8->allow_nonref->max_depth(DEPTH_READ);

sub new {
    my ($class) = @_;
    return bless {}, $class;
}

# ---- reading ----

sub decode {
    my ($self, $text) = @_;
    _check_numbers($text) if $text =~ /[0-9]{19}|[eE]\+?[0-9]{3}/;
    return $reader->decode($text);
}

# JSON::PP rounds an integer beyond 64 bits, or makes a string or infinity of a number.
sub _check_numbers {
    my ($text) = @_;
    $text =~ s/"(?:[^"\\]++|\\.)*+"//gs;
    while ($text =~ /(-?[0-9]+)(\.[0-9]+)?([eE][-+]?[0-9]+)?/g) {
        my $number = $1;
        if (defined $2 || defined $3) {
            die "the number $& is beyond the range of Perl's numbers\n" if abs(0 + $&) == 9**9**9;
        }
        elsif (!_fits($number)) {
            die "the integer $number is beyond 64 bits\n";
        }
    }
    return;
}

sub _fits {
    my ($number) = @_;
    my $most = $number =~ s/^-// ? '9223372036854775808' : '18446744073709551615';
    return length $number < length $most || (length $number == length $most && $number le $most);
}

# ---- writing ----

my %escape = (
    '"' => '\"', '\\' => '\\\\', "\n" => '\n', "\r" => '\r', "\t" => '\t', "\f" => '\f', "\b" => '\b',
);

# One line of JSON as bytes.
sub encode {
    my ($self, $value) = @_;
    my $text = _encode($value, 0);
    utf8::encode($text);
    return $text;
}

no warnings 'recursion'; # as deep as a journal nests

sub _encode {
    my ($value, $depth) = @_;
    my $type = ref $value or return _scalar($value);
    die "nesting beyond @{[DEPTH_WRITTEN]} levels\n" if $depth >= DEPTH_WRITTEN;
    if ($type eq 'HASH') {
        return '{' . join(',', map { _string($_) . ':' . _encode($value->{$_}, $depth + 1) } keys %$value) . '}';
    }
    if ($type eq 'ARRAY') {
        return '[' . join(',', map { _encode($_, $depth + 1) } @$value) . ']';
    }
    return _object($value, $depth);
}

sub _object {
    my ($value, $depth) = @_;
    if (blessed $value) {
        return $$value ? 'true' : 'false' if JSON::PP::is_bool($value);
        return _encode($value->TO_JSON, $depth + 1) if $value->can('TO_JSON');
        return _big("$value")                       if $value->isa('Math::BigInt') || $value->isa('Math::BigFloat');
    }
    elsif (reftype $value eq 'SCALAR' && defined $$value && $$value =~ /\A[01]\z/) {
        return $$value ? 'true' : 'false';
    }
    die 'a record cannot hold ', (blessed $value ? 'an object of ' . ref $value : 'a reference to ' . ref $value), "\n";
}

sub _big {
    my ($number) = @_;
    die "a record cannot hold $number\n" unless $number =~ /\A-?[0-9]/;
    return $number;
}

# A number is what was never a string.
sub _scalar {
    my ($value) = @_;
    return 'null' unless defined $value;
    my $flags = B::svref_2object(\$value)->FLAGS;
    return _string($value) if $flags & B::SVp_POK || !($flags & (B::SVp_IOK | B::SVp_NOK));
    return "$value" if $flags & B::SVp_IOK;
    return _float($value);
}

# The fewest digits that read back as it.
sub _float {
    my ($value) = @_;
    for my $digits (15, 16, 17) {
        my $text = sprintf "%.${digits}g", $value;
        next unless $text == $value;
        die "a record cannot hold $value\n" unless $text =~ /\A-?[0-9]/;
        $text =~ tr/,/./;
        return $text eq '-0' ? '-0.0' : $text;
    }
    die "a record cannot hold $value\n";
}

sub _string {
    my ($string) = @_;
    $string =~ s/(["\\\x00-\x1f])/$escape{$1} || sprintf '\u%04x', ord $1/ge;
    return qq("$string");
}

1;
