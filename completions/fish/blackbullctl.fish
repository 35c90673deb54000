# fish completion of blackbullctl(1); tests/lint/options.py holds it against --help.

# Asks the daemon, which may be stopped or gone: in 150 ms there is an answer or none.
function __blackbullctl_ask
    set -l words (commandline -opc)
    set -l socket
    set -l at (contains -i -- -s $words; or contains -i -- --socket $words)
    and test (math $at + 1) -le (count $words)
    and set socket -s $words[(math $at + 1)]
    timeout 0.15 $words[1] $socket -t 0.15 -j $argv 2>/dev/null
end

# Values of a key in JSON, one a line; those that JSON escapes are left out.
function __blackbullctl_generations
    __blackbullctl_ask generations | grep -oE '"number": *[0-9]+' | grep -oE '[0-9]+$' | tail -n 20
end
function __blackbullctl_paths
    __blackbullctl_ask paths | sed -nE 's/.*"paths": *\[([^]]*)\].*/\1/p' | grep -oE '"[^"\]*"' | tr -d '"'
end
function __blackbullctl_sockets
    __blackbullctl_ask instances | grep -oE '"socket": *"[^"\]*"' | sed -E 's/^[^:]*: *"(.*)"$/\1/'
end

# The words that are neither options nor their values: the command, and what is given to it.
function __blackbullctl_words
    set -l valued -s --socket -t --timeout --color --since --generation -n --lines --wait --if-generation --id
    set -l value no
    for word in (commandline -opc)[2..-1]
        if test $value = yes
            set value no
        else if contains -- $word $valued
            set value yes
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

# Whether the words so far are these.
function __blackbullctl_at
    set -l words (__blackbullctl_words)
    test "$words" = "$argv"
end

function __blackbullctl_in
    set -l words (__blackbullctl_words)
    test (count $words) -gt 0; and test $words[1] = $argv[1]
end

complete -c blackbullctl -f

complete -c blackbullctl -s s -l socket -r -F -a '(__blackbullctl_sockets)' -d 'Admin socket of the daemon'
complete -c blackbullctl -s t -l timeout -x -d 'Give up after so many seconds'
complete -c blackbullctl -s j -l json -d 'Print JSON'
complete -c blackbullctl -s q -l quiet -d 'Print nothing but failures'
complete -c blackbullctl -l color -x -a 'auto always never' -d 'Colours'
complete -c blackbullctl -s h -l help -d 'Print help'
complete -c blackbullctl -s V -l version -d 'Print the version'

function __blackbullctl_command
    complete -c blackbullctl -n '__blackbullctl_at' -a $argv[1] -d $argv[2]
end
__blackbullctl_command events 'Follow what happens'
__blackbullctl_command generations 'List the generations, or show one in full'
__blackbullctl_command instances 'List the daemons of this user'
__blackbullctl_command logs 'Show what workers wrote'
__blackbullctl_command paths 'List or change what is watched'
__blackbullctl_command pause 'Stop reacting to changes'
__blackbullctl_command reload 'Make a new generation and print its verdict'
__blackbullctl_command resume 'React to changes again'
__blackbullctl_command status 'Show who serves, what is watched, what failed last'
__blackbullctl_command stop 'Stop the daemon'
__blackbullctl_command sync 'Wait until every write made before is served'
__blackbullctl_command wait 'Wait until a generation serves or failed'
__blackbullctl_command why 'Say whether a change of a file reloads'
__blackbullctl_command workers 'List the workers'
functions -e __blackbullctl_command

complete -c blackbullctl -n '__blackbullctl_in events' -l since -x -d 'Begin behind this event'
complete -c blackbullctl -n '__blackbullctl_in events' -l no-follow -d 'End with what has happened so far'

complete -c blackbullctl -n '__blackbullctl_in logs' -s f -l follow -d 'Go on with what is written'
complete -c blackbullctl -n '__blackbullctl_in logs' -l generation -x -a '(__blackbullctl_generations)' \
    -d 'Of this generation only'
complete -c blackbullctl -n '__blackbullctl_in logs' -s n -l lines -x -d 'Begin with so many lines'

complete -c blackbullctl -n '__blackbullctl_in reload' -l wait -x -a 'ready accepted drained' -d 'How long to wait'
complete -c blackbullctl -n '__blackbullctl_in reload' -l no-wait -d 'Do not wait'
complete -c blackbullctl -n '__blackbullctl_in reload' -l if-generation -x -a '(__blackbullctl_generations)' \
    -d 'Only if this one serves now'
complete -c blackbullctl -n '__blackbullctl_in reload' -l id -x -d 'Name of the request'

complete -c blackbullctl -n '__blackbullctl_in status' -l watch -d 'Keep it up to date'
complete -c blackbullctl -n '__blackbullctl_in stop' -l now -d 'Do not wait for requests'
complete -c blackbullctl -n '__blackbullctl_in wait' -l idle -d 'Until nothing is under way'

complete -c blackbullctl -n '__blackbullctl_at wait' -a '(__blackbullctl_generations)'
complete -c blackbullctl -n '__blackbullctl_at generations' -a '(__blackbullctl_generations)'
complete -c blackbullctl -n '__blackbullctl_at why' -F
complete -c blackbullctl -n '__blackbullctl_at paths' -a 'add remove'
complete -c blackbullctl -n '__blackbullctl_in paths; and contains add (__blackbullctl_words)' -F
complete -c blackbullctl -n '__blackbullctl_in paths; and contains remove (__blackbullctl_words)' \
    -x -a '(__blackbullctl_paths)'
