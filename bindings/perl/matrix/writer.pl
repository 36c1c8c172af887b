# The Perl side of the matrix of languages. `writer.pl append JOURNAL SEGMENT_BYTES` appends the lines of stdin as
# records, two thirds one by one and the rest as one commit; `writer.pl replay JOURNAL` prints all records.
use strict;
use warnings;
use Ministore;

sub append {
    my ($path, $segment_bytes) = @_;
    binmode STDIN;
    chomp(my @records = <STDIN>);
    my @singles = splice @records, 0, int(@records * 2 / 3);
    my $journal = Ministore->open($path, raw => 1, max_bytes_per_segment => $segment_bytes);
    $journal->append($_) for @singles;
    $journal->append_many(\@records);
    $journal->close;
}

sub replay {
    my ($path) = @_;
    binmode STDOUT;
    my $records = Ministore->replay($path, raw => 1);
    while (my ($record) = $records->next) {
        print "$record\n";
    }
}

my %commands = (append => \&append, replay => \&replay);
my $command  = $commands{ shift @ARGV || '' } or die "usage: writer.pl append JOURNAL SEGMENT_BYTES | replay JOURNAL\n";
$command->(@ARGV);
