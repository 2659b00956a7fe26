#!/usr/bin/env bash
# perl: a refcounted interpreter with many small blocks, forks that go on computing, and pipes.
# serves: perl
# shellcheck source=common.bash
source "${BASH_SOURCE[0]%/*}/common.bash"
find_real perl perl
# The order of a hash is random from run to run otherwise.
export PERL_HASH_SEED=0

cat >work.pl <<'END'
use strict;
use warnings;
use Time::HiRes qw(ualarm);
$| = 1;
my $scale = $ENV{SCALE} // 100;
sub scaled { my $n = int($_[0] * $scale / 100); return $n > 1 ? $n : 1 }
sub checksum { my $sum = 0; $sum = ($sum * 31 + ord $_) % 4294967291 for split //, $_[0]; return $sum }

print "== hashes\n";
my %count;
my $seed = 12345;
for (1 .. scaled(150_000)) {
    $seed = ($seed * 1103515245 + 12345) % 2147483648;
    $count{ 'key' . ($seed % 20_011) } .= chr(97 + $seed % 26);
}
my @keys = sort { length $count{$b} <=> length $count{$a} || $a cmp $b } keys %count;
printf "%d keys, longest %s with %d\n", scalar @keys, $keys[0], length $count{ $keys[0] };
delete @count{ @keys[ 0 .. $#keys / 2 ] };
printf "%d keys left, checksum %d\n", scalar keys %count, checksum(join ',', map { "$_=$count{$_}" } sort keys %count);
%count = ();

print "== structures\n";
sub tree { my $depth = shift; return $depth ? { left => tree($depth - 1), right => [ tree($depth - 1), "x" x $depth ] } : undef }
sub size { my $t = shift; return $t ? 1 + size($t->{left}) + size($t->{right}[0]) : 0 }
my $depth = $scale >= 100 ? 14 : 9;
for my $round (1 .. 3) { my $t = tree($depth); print size($t), " nodes\n" }

print "== regular expressions\n";
my $text = join ' ', map { sprintf '%s%04d <%s@example.%s>', ('ann', 'bob', 'cy')[ $_ % 3 ], $_, 'u' . $_ * 7, ('org', 'net')[ $_ % 2 ] }
    1 .. scaled(10_000);
my %domain;
$domain{$2}++ while $text =~ /<([^@>]+)@([^>]+)>/g;
print join(', ', map { "$_ $domain{$_}" } sort keys %domain), "\n";
(my $swapped = $text) =~ s/(\w+) <(\w+)@/$2 <$1@/g;
print length $swapped, ' ', checksum(substr $swapped, 0, 5000), "\n";
my @words = split /\W+/, $text;
printf "%d words, %s\n", scalar @words, join '|', (sort @words)[ 0 .. 2 ];

print "== sorting and formatting\n";
my @numbers = map { ($_ * 7919) % 100_003 } 1 .. scaled(60_000);
my @sorted = sort { $a <=> $b } @numbers;
print join(' ', @sorted[ 0 .. 4 ]), "\n";
my $formatted = join '', map { sprintf '%-8s|%08.3f|%#x|%e;', "n$_", $_ / 7, $_, $_ * 1e10 } @sorted[ 0 .. scaled(9000) / 10 ];
print length $formatted, ' ', checksum($formatted), "\n";
print join(' ', unpack 'N n C a*', pack 'N n C a*', 70000, 513, 7, 'tail'), "\n";

print "== fork and wait\n";
my %expected;
for my $child (1 .. 5) {
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        my @own = map { "child $child line $_" } 1 .. 5000;
        my %own = map { $_ => length } @own;
        exit(scalar(keys %own) == 5000 ? $child : 99);
    }
    $expected{$pid} = $child;
}
my %ended;
while ((my $pid = wait) > 0) { $ended{ $expected{$pid} } = $? >> 8 }
print join(', ', map { "child $_ status $ended{$_}" } sort keys %ended), "\n";

print "== pipes\n";
open my $from, '-|', 'seq', '1', '1000' or die "seq: $!";
my $sum = 0;
$sum += $_ while <$from>;
close $from;
print "sum $sum, status $?\n";
open my $to, '|-', 'sort', '-r' or die "sort: $!";
print $to "line $_\n" for 1 .. 4;
close $to;
pipe my $reader, my $writer or die "pipe: $!";
if (!(my $pid = fork)) { close $reader; print $writer 'y' x 100_000; exit 0 }
close $writer;
my $data = do { local $/; <$reader> };
wait;
print length $data, " bytes through a pipe\n";
my $answer = `echo from a shell; exit 5`;
print $answer, $? >> 8, "\n";
local $SIG{ALRM} = sub { die "alarm\n" };
eval { ualarm 50_000; 1 while 1 };
print "caught $@";
exit 4;
END
expect 4 "$perl" work.pl
