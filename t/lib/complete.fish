# complete.fish: what fish(1) would complete, for tests.
#
#	fish --no-config complete.fish FILE LINE ...
#
# Prints each LINE, then a line ">word" for each word that the completions in FILE
# offer in the place of the last one.

source $argv[1]
for line in $argv[2..-1]
    echo $line
    string replace -r '^([^\t]*)(\t.*)?$' '>$1' -- (complete -C $line)
end
