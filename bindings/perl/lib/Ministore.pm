# ministore: an embedded write-ahead journal of JSON records in plain text files.
# This file holds the class's methods; what they hand out is in Ministore/.

package Ministore;
use strict;
use warnings;
use Carp ();
use Ministore::Cursor;
use Ministore::Error;
use Ministore::Journal;
use Ministore::Native;

our $VERSION = '0.2.0';

use constant MAX_RECORD_BYTES => 64 << 20;

sub open {
    my ($class, $path, %options) = @_;
    return Ministore::Journal->new($path, %options);
}

sub replay {
    my ($class, $path, %options) = @_;
    return Ministore::Cursor->new($path, $Ministore::Native::REPLAY, 0, %options);
}

sub stream {
    my ($class, $path, %options) = @_;
    return Ministore::Cursor->new($path, $Ministore::Native::STREAM, 0, %options);
}

sub follow {
    my ($class, $path, %options) = @_;
    return Ministore::Cursor->new($path, $Ministore::Native::REPLAY, 1, durable => 1, %options);
}

# What it found, as a hash; the first problem is thrown, with that hash as its `verified`.
sub verify {
    my ($class, $path, %options) = @_;
    my $limit = _only(\%options, max_record_bytes => MAX_RECORD_BYTES);
    my $info  = Ministore::Native::new_VerifyInfo();
    my $ended = eval { Ministore::Native::verify($path, $limit, $info); 1 };
    my $error = $@;
    my $found = Ministore::Native::fields($info, 'VerifyInfo',
        qw(segments records bytes problems torn_bytes uncovered first_sequence next_sequence));
    return $found if $ended;
    $error->{verified} = $found if ref $error;
    die $error;
}

sub repair {
    my ($class, $path, %options) = @_;
    my $dry_run = delete $options{dry_run};
    my $limit   = _only(\%options, max_record_bytes => MAX_RECORD_BYTES);
    my $info    = Ministore::Native::new_RepairInfo();
    Ministore::Native::repair($path, !!$dry_run, $limit, $info);
    return Ministore::Native::fields($info, 'RepairInfo',
        qw(cut_bytes cut_offset cut_lines cut_records archived_bad_lines next_sequence));
}

sub validate {
    my ($class, $text) = @_;
    Ministore::Native::validate($text);
    return;
}

# The one option there is, or its default.
sub _only {
    my ($options, $name, $default) = @_;
    my $value = delete $options->{$name};
    Carp::croak("unknown option: $_") for sort keys %$options;
    return defined $value ? $value : $default;
}

1;

__END__

=encoding utf8

=head1 NAME

Ministore - an embedded write-ahead journal of JSON records in plain text files

=head1 SYNOPSIS

    use Ministore;

    my $journal  = Ministore->open('events.jsonl');
    my $sequence = $journal->append({ type => 'greeting', text => 'hello' });
    $journal->close;

    my $records = Ministore->replay('events.jsonl');
    while (my ($record, $number) = $records->next) {
        print "$number $record->{text}\n";
    }

=head1 DESCRIPTION

When C<append> has returned, the record survives power loss. The full description of all methods, options and errors is
F<docs/perl.md> of the distribution. Failures are thrown as objects of L<Ministore::Error>.

=cut
