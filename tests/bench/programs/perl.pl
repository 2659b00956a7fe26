# Strings, hashes and lists, as scripts have them: perl.pl SCALE
use strict;
use warnings;

my $scale = shift;
my %count;
my @lines;
for my $i (1 .. 160_000 * $scale) {
    my $line = join ' ', map { 'w' . ($i * $_ % 4999) } 1 .. 6;
    $count{$_}++ for split / /, $line;
    push @lines, $line if $i % 3 == 0;
}
my @sorted = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
my $text = join "\n", @lines;
$text =~ s/w(\d+) w(\d+)/$2-$1/g;
my %groups;
push @{$groups{length $_}}, $_ for split /\n/, $text;
print scalar(@sorted), " $sorted[0] ", length($text), ' ', scalar(keys %groups), "\n";
