# Handles: closed twice, used after close, left by exceptions, forgotten in any order, inherited by children and threads.
use strict;
use warnings;
use Config;
use FindBin;
use lib "$FindBin::Bin/lib";
use JournalTest;
use Ministore;
use Test::More;

subtest 'closing twice is fine, and use after close throws' => sub {
    my $path    = fresh();
    my $journal = Ministore->open($path);
    my $cursor  = Ministore->replay($path);
    for (1 .. 2) {
        $_->close for $journal, $cursor;
    }
    ok($journal->is_closed && $cursor->is_closed, 'both are closed');
    my %arguments = (append => [1], append_many => [[1]], sync => [], rotate => [], prune => [1], stat => []);
    for my $name (sort keys %arguments) {
        fails(sub { $journal->$name(@{ $arguments{$name} }) }, 'CLOSED', "journal, $name");
    }
    fails(sub { $cursor->$_ }, 'CLOSED', "cursor, $_") for qw(next wait stat);
    $cursor->interrupt;
};

subtest 'an iterator outlives its journal and its folder' => sub {
    my $path    = fresh();
    my $journal = Ministore->open($path);
    $journal->append_many([1 .. 1000]);
    my $records = Ministore->replay($path);
    is($records->next, 1, 'before');
    undef $journal;
    is($records->next, 2, 'the journal is gone');
    unlink $path or die;
    is($records->next, 3, 'the file is gone');
};

subtest 'an exception in a loop or a callback leaves everything fit' => sub {
    my $path = fresh();
    put($path, "1\nbad\n3\nworse\n5\n");
    my $cursor = Ministore->replay($path, on_bad_line => sub { die "mine\n" });
    is($cursor->next, 1, 'a record');
    ok(!eval { $cursor->next; 1 }, 'thrown by the callback');
    is($@, "mine\n", 'as it is');
    is($cursor->next, 3, 'it goes on behind');
    is_deeply([eval { $cursor->next }], [], 'thrown again');
    is_deeply(all_of($cursor), [5], 'the rest');
    my $before = descriptors();
    for (1 .. 100) {
        eval {
            my $records = Ministore->replay($path);
            while (my ($record) = $records->next) { die 'left' }
        };
    }
    is(descriptors(), $before, 'loops that were left have closed their cursors');
};

subtest 'what is forgotten is closed' => sub {
    my $path = fresh();
    Ministore->open($path, sync => 'manual')->append(1);
    is(Ministore->open($path)->stat->{durable_sequence}, 1, 'a journal gives its lock back');
    my $before = descriptors();
    Ministore->replay($path)->next for 1 .. 1000;
    is(descriptors(), $before, 'cursors too');
    my $journal = Ministore->open($path);
    my $ring    = { journal => $journal, cursor => Ministore->replay($path) };
    $ring->{self} = $ring;
    undef $ring;
    undef $journal;
    my $output = perl('our $j = Ministore->open(shift, sync => "manual"); $j->append({ n => 2 });'
            . 'our @c = map { my $c = Ministore->replay($j->path); $c->next; $c } 1 .. 10;'
            . 'my $ring = { j => $j, c => \@c }; $ring->{ring} = $ring; print "ended"', "$path-2");
    is($output, 'ended', 'and what is left at the end of the program');
    is_deeply(all_of(Ministore->replay("$path-2")), [{ n => 2 }], 'nothing is lost by that');
};

subtest 'what is no handle dies' => sub {
    ok(!eval { Ministore::Native::Journal_append(undef,   '1'); 1 }, 'nothing');
    ok(!eval { Ministore::Native::Journal_append('wrong', '1'); 1 }, 'a string');
    ok(!eval { Ministore::Native::Cursor_read(undef);           1 }, 'no cursor');
    ok(!eval { Ministore::Native::Cursor_read(Ministore->open(fresh())->{native}); 1 }, 'a journal for a cursor');
    Ministore::Native::Journal_close(undef);
    Ministore::Native::Cursor_close(undef);
};

subtest 'in a child every call is refused, and the lock stays' => sub {
    my $path    = fresh();
    my $journal = Ministore->open($path);
    $journal->append(1);
    my $cursor = Ministore->replay($path);
    my $child  = fork;
    die "fork: $!" unless defined $child;
    if ($child == 0) {
        my @codes = map { eval { $_->(); 1 } ? 'fine' : $@->code }
            sub { $journal->append(2) }, sub { $journal->stat }, sub { $cursor->next };
        $_->close for $journal, $cursor;
        require POSIX;
        POSIX::_exit("@codes" eq 'FORKED FORKED FORKED' ? 0 : 1);
    }
    waitpid $child, 0;
    is($?, 0, 'FORKED');
    fails(sub { Ministore->open($path) }, 'LOCKED', 'the lock is held');
    is($journal->append(2), 2, 'and the journal goes on');
};

subtest 'a handle is not there in another Perl thread' => sub {
    plan skip_all => 'this Perl has no threads' unless $Config{useithreads};
    my $output = perl('use threads; my $j = Ministore->open(shift); my $c = Ministore->replay($j->path); $j->append(1);'
            . 'my @r = threads->create({ context => "list" }, sub { map { eval { $_->(); 1 } ? "fine" : "died" } sub { $j->append(2) },'
            . 'sub { $c->next } })->join; print "@r ", $j->append(2), " ", scalar $c->next', fresh());
    is($output, 'died died 2 1', 'it dies there, and lives here');
};

done_testing();
