# A journal open for writing.

package Ministore::Journal;
use strict;
use warnings;
use Carp ();
use Ministore::Error;
use Ministore::JSON;
use Ministore::Native;
use Scalar::Util 'blessed';

our $VERSION = '0.2.0';

my %number = map { $_ => 1 } qw(max_bytes_per_segment max_segments max_record_bytes preallocate_bytes mode);
my %choice = (
    sync => {
        always => $Ministore::Native::SYNC_ALWAYS,
        manual => $Ministore::Native::SYNC_MANUAL,
    },
    torn_tail => {
        cut    => $Ministore::Native::TORN_TAIL_CUT,
        refuse => $Ministore::Native::TORN_TAIL_REFUSE,
    },
);

sub new {
    my ($class, $path, %options) = @_;
    my $self   = bless { path => $path, codec => codec(\%options) }, $class;
    my $native = Ministore::Native::new_Options();
    while (my ($name, $value) = each %options) {
        set($native, $name, $value);
    }
    $self->{native} = Ministore::Native::new_Journal($path, $native);
    return $self;
}

# The codec that the options raw and codec ask for; nothing stands for raw. Takes them out of the options.
sub codec {
    my ($options) = @_;
    my ($raw, $codec) = delete @$options{qw(raw codec)};
    Carp::croak('raw and codec exclude each other') if $raw && $codec;
    return $raw ? undef : $codec || Ministore::JSON->new;
}

sub set {
    my ($native, $name, $value) = @_;
    if (my $values = $choice{$name}) {
        Carp::croak("$name: one of @{[sort keys %$values]} expected") unless exists $values->{$value};
        $value = $values->{$value};
    }
    elsif (!$number{$name}) {
        Carp::croak("unknown option: $name");
    }
    no strict 'refs';
    &{"Ministore::Native::Options_${name}_set"}($native, $value);
    return;
}

sub append {
    my ($self, $record) = @_;
    return Ministore::Native::Journal_append($self->{native}, $self->_encode($record, 1));
}

sub append_many {
    my ($self, $records) = @_;
    my ($number, $lines) = (0, '');
    for my $record (@$records) {
        my $text = $self->_encode($record, ++$number);
        # In a batch a line feed would make two records of one.
        my $feed = index $text, "\n";
        $self->_refuse($number, $feed, "it holds a line feed at byte $feed; a record is one line") if $feed >= 0;
        $lines .= $text . "\n";
    }
    return Ministore::Native::Journal_append_batch($self->{native}, $lines);
}

sub _encode {
    my ($self, $record, $number) = @_;
    my $codec = $self->{codec};
    if (!$codec) {
        Carp::croak('a raw journal takes JSON text') if !defined $record || ref $record;
        return $record;
    }
    my $text = eval { $codec->encode($record) };
    return $text if defined $text;
    $self->_refuse($number, 0, _words($@));
}

# What a codec died of, without the place in its source.
sub _words {
    my ($died) = @_;
    $died =~ s/(?: at \S+ line \d+\.?)?\n?\z// unless ref $died;
    return "$died";
}

sub _refuse {
    my ($self, $number, $offset, $why) = @_;
    Ministore::Error->throw(
        code   => 'INVALID_JSON', message => "record $number is refused: $why", line => $number,
        offset => $offset,        path    => "$self->{path}",
    );
}

sub sync {
    my ($self) = @_;
    Ministore::Native::Journal_sync($self->{native});
    return;
}

sub rotate {
    my ($self) = @_;
    Ministore::Native::Journal_rotate($self->{native});
    return;
}

sub prune {
    my ($self, $before) = @_;
    return Ministore::Native::Journal_prune($self->{native}, $before);
}

sub stat {
    my ($self) = @_;
    my $info = Ministore::Native::new_Info();
    Ministore::Native::Journal_stat($self->{native}, $info);
    return Ministore::Native::fields($info, 'Info',
        qw(segments first_sequence next_sequence durable_sequence bytes torn_bytes torn_offset));
}

sub close {
    my ($self) = @_;
    Ministore::Native::Journal_close($self->{native});
    return;
}

sub is_closed {
    my ($self) = @_;
    return !!Ministore::Native::Journal_is_closed($self->{native});
}

sub path {
    return $_[0]{path};
}

1;
