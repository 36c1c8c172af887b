# A reader: what replay, stream and follow return.

package Ministore::Cursor;
use strict;
use warnings;
use Carp ();
use Ministore::Error;
use Ministore::Journal;
use Ministore::Native;
use POSIX ();
use Scalar::Util 'blessed';
use Time::HiRes ();

our $VERSION = '0.2.0';

my %waited = (
    $Ministore::Native::OK          => 'ready',
    $Ministore::Native::TIMEOUT     => 'timeout',
    $Ministore::Native::INTERRUPTED => 'interrupted',
);

my %known = map { $_ => 1 } qw(from at_end durable max_record_bytes);

# `scope` is REPLAY or STREAM of the C header; with `follow` the cursor waits at the end, for `timeout` seconds.
sub new {
    my ($class, $path, $scope, $follow, %options) = @_;
    my $self = bless { path => $path, follow => $follow, records => [], next => 0 }, $class;
    $self->{codec}       = Ministore::Journal::codec(\%options);
    $self->{on_bad_line} = delete $options{on_bad_line};
    $self->{timeout}     = delete $options{timeout} if $follow;
    my $native = Ministore::Native::new_CursorOptions();
    Ministore::Native::CursorOptions_scope_set($native, $scope);
    Ministore::Native::CursorOptions_on_bad_line_set($native, $Ministore::Native::BAD_LINE_SKIP)
        if $self->{on_bad_line};
    while (my ($name, $value) = each %options) {
        Carp::croak("unknown option: $name") unless $known{$name};
        $value = $value ? 1 : 0 if $name eq 'at_end' || $name eq 'durable';
        no strict 'refs';
        &{"Ministore::Native::CursorOptions_${name}_set"}($native, $value);
    }
    $self->{native} = Ministore::Native::new_Cursor($path, $native);
    return $self;
}

# The next record and its number; in scalar context the record alone. Nothing at the end.
sub next {
    my ($self) = @_;
    while ($self->{next} < @{ $self->{records} } || $self->_read) {
        my $index  = $self->{next}++;
        my $record = $self->{records}[$index];
        if ($self->{codec}) {
            my $text = $record;
            if (!eval { $record = $self->{codec}->decode($text); 1 }) {
                $self->_misfit($index, $@);
                next;
            }
        }
        $self->{sequence} = $self->{first} + $index;
        return wantarray ? ($record, $self->{sequence}) : $record;
    }
    return;
}

# A record that the codec cannot read is passed, or stays the next one.
sub _misfit {
    my ($self, $index, $cause) = @_;
    my ($line, $sequence) = ($self->{line} + $index, $self->{first} + $index);
    my $words = Ministore::Journal::_words($cause);
    my $error = Ministore::Error->new(
        code     => 'DECODE',
        message  => "$self->{segment}:$line: record $sequence cannot be decoded: $words",
        sequence => $sequence,
        line     => $line,
        offset   => $self->{offset} + unpack('L', substr $self->{spans}, $index * 8, 4),
        segment  => $self->{segment},
        path     => "$self->{path}",
        cause    => $cause,
    );
    if (!$self->{on_bad_line}) {
        $self->{next} = $index;
        die $error;
    }
    $self->{on_bad_line}->($error);
    return;
}

# Take the next batch; follow waits for one.
sub _read {
    my ($self) = @_;
    my $ending = defined $self->{timeout} ? Time::HiRes::time() + $self->{timeout} : undef;
    while (1) {
        my $batch;
        if (!eval { $batch = Ministore::Native::Cursor_read($self->{native}); 1 }) {
            $self->_pass($@);
            next;
        }
        if ($batch) {
            @$self{qw(records first line offset spans segment)} = @$batch;
            $self->{next} = 0;
            return 1;
        }
        return 0 unless $self->{follow};
        # A signal ends a wait; Perl has run its handler by then, and the next wait has what is left of the time.
        my $left = defined $ending ? $ending - Time::HiRes::time() : undef;
        my $came = $self->wait(defined $left && $left < 0 ? 0 : $left);
        return 0 if $came eq 'timeout';
    }
}

sub _pass {
    my ($self, $error) = @_;
    my $bad_line = blessed $error && $error->isa('Ministore::Error') && $error->code =~ /\A(?:CORRUPT|TOO_LARGE)\z/;
    die $error unless $bad_line && $self->{on_bad_line};
    $self->{on_bad_line}->($error);
    return;
}

# 'ready', 'timeout' or 'interrupted'; without seconds it waits for ever.
sub wait {
    my ($self, $seconds) = @_;
    return 'ready' if $self->{next} < @{ $self->{records} };
    my $timeout_ms = defined $seconds ? POSIX::ceil($seconds * 1000) : -1;
    return $waited{ Ministore::Native::Cursor_wait($self->{native}, $timeout_ms) };
}

sub interrupt {
    my ($self) = @_;
    Ministore::Native::Cursor_interrupt($self->{native});
    return;
}

sub stat {
    my ($self) = @_;
    my $info = Ministore::Native::new_CursorInfo();
    Ministore::Native::Cursor_stat($self->{native}, $info);
    my $fields = Ministore::Native::fields($info, 'CursorInfo',
        qw(segments first_sequence next_sequence bytes torn_bytes torn_offset));
    $fields->{next_sequence} = $self->{first} + $self->{next} if $self->{next} < @{ $self->{records} };
    return $fields;
}

sub close {
    my ($self) = @_;
    @$self{qw(records next)} = ([], 0);
    Ministore::Native::Cursor_close($self->{native});
    return;
}

sub is_closed {
    my ($self) = @_;
    return !!Ministore::Native::Cursor_is_closed($self->{native});
}

# The number of the record handed out last.
sub sequence {
    return $_[0]{sequence};
}

sub path {
    return $_[0]{path};
}

1;
