# A million records appended, in batches and one by one, and replayed, in memory that does not grow with them.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JournalTest;
use Ministore;
use Test::More;

use constant MEGABYTES => 8;

my $path    = fresh();
my $journal = Ministore->open($path, sync => 'manual', max_bytes_per_segment => 8 << 20);

sub append_batches {
    my ($count) = @_;
    for my $batch (1 .. $count / 1000) {
        $journal->append_many([map { { n => $_, text => 'x' x 40 } } 1 .. 1000]);
    }
    return;
}

sub append_singly {
    my ($count) = @_;
    $journal->append({ n => $_, text => 'x' x 40 }) for 1 .. $count;
    return;
}

# Reading every record into values takes JSON::PP minutes: one segment is read so, all of them raw.
sub replay {
    my ($records, $count) = (Ministore->replay($path, raw => 1), 0);
    while (my ($record) = $records->next) { $count++ }
    my ($values, $last) = (Ministore->replay($path, from => $count - 19_999));
    while (my ($record) = $values->next) { $last = $record }
    is_deeply([sort keys %$last], [qw(n text)], 'the last record');
    return $count;
}

sub resident {
    open my $in, '<', '/proc/self/status' or die "/proc/self/status: $!";
    return (map { /^VmRSS:\s+(\d+)/ ? $1 : () } <$in>)[0] * 1024;
}

append_batches(50_000);
append_singly(50_000);
is(replay(), 100_000, 'warm');
my $warm = resident();
append_batches(500_000);
append_singly(400_000);
$journal->close;
is(replay(), 1_000_000, 'a million');
my $grown = resident() - $warm;
cmp_ok($grown, '<', MEGABYTES << 20, 'the process has not grown');

done_testing();
