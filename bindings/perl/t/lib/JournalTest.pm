# What the tests share: a fresh folder, failures that are expected, Perl processes of their own.

package JournalTest;
use strict;
use warnings;
use Exporter 'import';
use File::Temp 'tempdir';
use Scalar::Util 'blessed';
use Test::More;

our @EXPORT = qw(HEADER fresh put fails all_of perl descriptors);

use constant HEADER => "// MINISTORE JOURNAL v0.1.4\n";

# The path of a journal in a folder of its own.
sub fresh {
    return tempdir(CLEANUP => 1) . '/j';
}

sub put {
    my ($path, $text) = @_;
    open my $out, '>:raw', $path or die "$path: $!";
    print {$out} HEADER, $text;
    close $out or die "$path: $!";
    return;
}

# The call throws Ministore's exception with this code and these fields; the exception is returned.
sub fails {
    my ($call, $code, $what, %fields) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $ended = eval { $call->(); 1 };
    my $error = $@;
    if ($ended || !blessed $error || !$error->isa('Ministore::Error')) {
        fail($what);
        diag($ended ? 'nothing was thrown' : "thrown: $error");
        return;
    }
    is_deeply([map { $error->$_ } 'code', sort keys %fields], [$code, map { $fields{$_} } sort keys %fields], $what);
    return $error;
}

# All records from here to the end.
sub all_of {
    my ($cursor) = @_;
    my @records;
    while (my ($record) = $cursor->next) {
        push @records, $record;
    }
    return \@records;
}

# Run this source in a process of its own: its output, if it ended well.
sub perl {
    my ($source, @arguments) = @_;
    open my $in, '-|', $^X, (map { "-I$_" } @INC), '-MMinistore', '-we', "open STDERR, '>&STDOUT'; $source", @arguments
        or die "$^X: $!";
    my $output = do { local $/; <$in> };
    close $in;
    $output = '' unless defined $output;
    return $? == 0 ? $output : "ended with $?: $output";
}

sub descriptors {
    opendir my $folder, '/proc/self/fd' or die "/proc/self/fd: $!";
    return scalar(() = readdir $folder);
}

1;
