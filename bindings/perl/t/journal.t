# What the suite does not ask: Perl's values, options, iterators and errors.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JournalTest;
use JSON::PP ();
use Math::BigInt;
use Ministore;
use Test::More;
use Time::HiRes ();

subtest 'values come back as they went in' => sub {
    my $path   = fresh();
    my @values = (
        { int => 9223372036854775807, negative => -9223372036854775807 - 1, unsigned => 18446744073709551615 },
        { floats => [0.1, 1 / 3, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, 123456789.123456789] },
        { null   => undef, empty => [[], {}, ''], bool => [JSON::PP::true, JSON::PP::false] },
        "\x{e9}\x{1f600}\x{2028}\x00\x1f\"\\/\t", 9007199254740993, undef, [], {}, '12', '007', 'null',
    );
    my $journal = Ministore->open($path);
    is($journal->append_many(\@values), scalar @values, 'the last number');
    my $back = all_of(Ministore->replay($path));
    is_deeply($back, \@values, 'equal');
    is($back->[0]{unsigned}, '18446744073709551615', 'the largest integer');
    ok($back->[1]{floats}[$_] == $values[1]{floats}[$_], "float $_ is the same") for 0 .. 5;
    is(ref $back->[2]{bool}[0], 'JSON::PP::Boolean', 'booleans');
    my $again = fresh();
    Ministore->open($again)->append_many($back);
    my ($first, $second) = map {
        my $canonical = JSON::PP->new->canonical->allow_nonref;
        [map { s/[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?/N/gr } map { $canonical->encode($_) } @{ all_of(Ministore->replay($_)) }]
    } $path, $again;
    is_deeply($first, $second, 'numbers stay numbers and strings strings');
};

subtest 'numbers are written so that they read back as the same' => sub {
    my $codec = Ministore::JSON->new;
    srand 7;
    my @odd;
    for (1 .. 20_000) {
        my $number = (rand() - 0.5) * 10**int(rand(600) - 300);
        push @odd, $number if $codec->decode($codec->encode($number)) != $number;
    }
    is_deeply(\@odd, [], 'random floats');
    is($codec->encode(-0.0 * 1), $codec->encode($codec->decode($codec->encode(-0.0 * 1))), 'minus zero');
    is($codec->encode([\1, \0]), '[true,false]', 'references to 1 and 0');
    is($codec->encode(Math::BigInt->new('1' . '0' x 30)), '1' . '0' x 30, 'a big integer object');
    for my $text ('18446744073709551616', '-9223372036854775809', '1e400', '[1,{"a":99999999999999999999}]') {
        ok(!eval { $codec->decode($text); 1 }, "$text is not rounded in silence");
    }
    is_deeply($codec->decode('["99999999999999999999","1e999","\"1e999"]'), ['9' x 20, '1e999', '"1e999'], 'strings');
};

subtest 'raw gives and takes text' => sub {
    my $path    = fresh();
    my $journal = Ministore->open($path, raw => 1);
    is($journal->append(' {"a" : 1.50}'), 1, 'a number');
    $journal->append_many(['1', "\"\xc3\xa9\""]);
    is_deeply(all_of(Ministore->replay($path, raw => 1)), ['{"a" : 1.50}', '1', "\"\xc3\xa9\""], 'the same bytes');
    ok(!eval { $journal->append({}); 1 }, 'a reference dies');
    ok(!eval { $journal->append("\"\x{1f600}\""); 1 }, 'a wide character dies');
    like($@, qr/Wide character/, 'as everywhere');
};

subtest 'a codec replaces the JSON library' => sub {
    my $path = fresh();
    {
        package Upper;
        sub encode { JSON::PP->new->allow_nonref->encode($_[1]) }
        sub decode { uc JSON::PP->new->allow_nonref->decode($_[1]) }
    }
    Ministore->open($path, codec => 'Upper')->append('word');
    is_deeply(all_of(Ministore->replay($path, codec => 'Upper')),                       ['WORD'], 'by a class');
    is_deeply(all_of(Ministore->replay($path, codec => JSON::PP->new->allow_nonref)), ['word'], 'by an object');
    ok(!eval { Ministore->open($path, codec => 'Upper', raw => 1); 1 }, 'not with raw');
};

subtest 'objects with TO_JSON are records' => sub {
    my $path = fresh();
    sub Point::TO_JSON { return { x => $_[0][0], y => $_[0][1] } }
    Ministore->open($path)->append(bless [1, 2], 'Point');
    is_deeply(all_of(Ministore->replay($path)), [{ x => 1, y => 2 }], 'as what it returns');
};

subtest 'refused records tell their place' => sub {
    my $path    = fresh();
    my $journal = Ministore->open($path);
    my $loop    = [];
    push @$loop, $loop;
    for my $bad (9**9**9, -sin(9**9**9), sub { 1 }, \'x', bless({}, 'Foreign'), $loop, "\x{d800}") {
        no warnings;
        fails(sub { $journal->append_many([1, $bad]) }, 'INVALID_JSON', ref $bad || 'a scalar', line => 2);
    }
    @$loop = ();
    is($journal->stat->{next_sequence}, 1, 'nothing was written');
    $journal->close;
    my $raw = Ministore->open($path, raw => 1);
    fails(sub { $raw->append_many(['1', "[1,\n2]"]) }, 'INVALID_JSON', 'a line feed', line => 2, offset => 3);
    fails(sub { $raw->append_many(['1', '',  '2']) }, 'INVALID_JSON', 'an empty record', line => 2);
    is($raw->stat->{next_sequence}, 1, 'nothing was written');
};

subtest 'options that are wrong are refused' => sub {
    my $path = fresh();
    ok(!eval { Ministore->open($path, @$_); 1 }, "@$_")
        for [max_segment => 1], [sync => 'never'], [max_segments => 'many'], [max_segments => -1];
    ok(!eval { Ministore->replay($path, form => 1); 1 }, 'form');
    ok(!eval { Ministore->replay($path, timeout => 1); 1 }, 'timeout of replay');
    ok(!eval { Ministore->verify($path, dry_run => 1); 1 }, 'dry_run of verify');
    ok(!eval { Ministore->open("$path\0x"); 1 }, 'a NUL in a path');
    fails(sub { Ministore->open($path, max_segments => 0) }, 'INVALID_ARGUMENT', 'a nonsense number');
    ok(!-e $path, 'nothing was made');
};

subtest 'a cursor goes on with what was appended' => sub {
    my $path    = fresh();
    my $journal = Ministore->open($path);
    my $cursor  = Ministore->replay($path);
    is_deeply([$cursor->next], [], 'nothing yet');
    $journal->append_many([undef, 2, 3]);
    is($cursor->wait(0), 'ready', 'something came');
    is_deeply([$cursor->next], [undef, 1], 'a null record is no end');
    is($cursor->stat->{next_sequence}, 2, 'the number that comes next');
    is_deeply(all_of($cursor), [2, 3], 'the rest');
    is($cursor->sequence,      3,         'the last number');
    is($cursor->wait(0.01),    'timeout', 'nothing more');
    $cursor->interrupt;
    is($cursor->wait, 'interrupted', 'an interrupt ends the next wait');
    is_deeply(all_of(Ministore->replay($path, from => 3)), [3], 'from a number');
    is_deeply(all_of(Ministore->stream($path)), [undef, 2, 3], 'one file');
};

subtest 'follow goes on across rotations and ends behind its timeout' => sub {
    my $path    = fresh();
    my $journal = Ministore->open($path, max_bytes_per_segment => 100);
    $journal->append(0);
    my $follower = Ministore->follow($path, timeout => 0.1);
    my @seen;
    while (my ($record) = $follower->next) {
        push @seen, $record;
        $journal->append($record + 1) if $record < 30;
    }
    is_deeply(\@seen, [0 .. 30], 'nothing lost, nothing twice');
    my $output = perl('local $SIG{ALRM} = sub { print "handled"; exit }; Time::HiRes::ualarm(50_000);'
            . 'Ministore->follow(shift)->next', "$path.none");
    is($output, 'handled', 'a signal handler runs while it waits');
};

subtest 'bad lines are passed only when asked' => sub {
    my $path = fresh();
    put($path, "1\nbad\n{\"n\":1e999}\n4\n");
    my @passed;
    is_deeply(all_of(Ministore->replay($path, on_bad_line => sub { push @passed, $_[0] })), [1, 4], 'the good ones');
    is_deeply([map { [$_->code, $_->segment, $_->line, $_->sequence] } @passed],
        [['CORRUPT', 'j', 3, 2], ['DECODE', 'j', 4, 3]], 'places');
    is($passed[1]->offset, length(HEADER) + 6, 'the offset of a record that cannot be decoded');
    like($passed[1]->cause, qr/beyond/, 'and why');
    my $cursor = Ministore->replay($path);
    is($cursor->next, 1, 'before it');
    fails(sub { $cursor->next }, 'CORRUPT', 'thrown', line => 3) for 1 .. 2;
    put("$path-2", "1e999\n2\n");
    $cursor = Ministore->replay("$path-2");
    fails(sub { $cursor->next }, 'DECODE', 'a record that cannot be decoded stays the next one', line => 2) for 1 .. 2;
    mkdir "$path.d" or die;
    fails(sub { Ministore->replay("$path.d", on_bad_line => sub { })->next }, 'NOT_A_FILE', 'no bad line');
};

subtest 'errors are objects that are their message' => sub {
    my $path    = fresh();
    my $journal = Ministore->open($path);
    my $error   = fails(sub { Ministore->open($path) }, 'LOCKED', 'a second writer', path => $path);
    like("$error", qr/another writer/, 'in a string');
    fails(sub { Ministore->stream("$path.none") }, 'IO', 'no file', errno => 2);
    put("$path-2", "1\nbad\n3\n");
    $error = fails(sub { Ministore->verify("$path-2") }, 'CORRUPT', 'verify');
    is_deeply([@{ $error->verified }{qw(segments records problems)}], [1, 2, 1], 'with all it found');
    is(Ministore->repair("$path-2", dry_run => 1)->{cut_records}, 1, 'a dry run');
    is(Ministore->repair("$path-2")->{next_sequence},             2, 'a repair');
    is(Ministore->verify("$path-2")->{records},                   1, 'mends it');
};

done_testing();
