# fish completion of blackbulld(8); tests/lint/options.py holds it against --help.

# Applications that the current directory's modules seem to have: main:app
function __blackbulld_apps
    for file in *.py
        set -l name (sed -nE '/^(async +def +|def +|class +)?(app|api|application) *[:=(]/{
            s/^(async +def +|def +|class +)?(app|api|application) *[:=(].*/\2/p;q;}' $file 2>/dev/null)
        test -n "$name"; and printf '%s:%s\tapplication\n' (string replace -r '\.py$' '' $file) $name
    end
end

# What follows "--" is a command of its own.
function __blackbulld_in_command
    contains -- -- (commandline -opc)[2..-1]
end

function __blackbulld_command
    set -l words (commandline -opc)
    set -l start (contains -i -- -- $words)
    set -l rest (string escape -- $words[(math $start + 1)..-1])
    complete -C (string join ' ' -- $rest (commandline -ct))
end

# No target yet: the words so far are options and their values.
function __blackbulld_wants_target
    not __blackbulld_in_command; or return 1
    set -l valued -b --bind -w --workers --reload-path --reload-include --reload-exclude --reload-delay \
        --build --handover --ready-timeout --drain-timeout --interface --python --app-dir --root-path \
        --lifespan --ready --limit-body --limit-request-line --limit-header --limit-headers --limit-head \
        --limit-concurrency --max-connections --max-requests --timeout-header --timeout-body \
        --timeout-keep-alive --timeout-write --forwarded-allow-ips --log-level --log-format --admin --name \
        --config
    set -l value no
    for word in (commandline -opc)[2..-1]
        if test $value = yes
            set value no
        else if contains -- $word $valued
            set value yes
        else if not string match -q -- '-*' $word
            return 1
        end
    end
    return 0
end

function __blackbulld_addresses
    set -l word (string replace -r '^--bind=' '' -- (commandline -ct))
    if string match -q 'unix:*' -- $word
        printf 'unix:%s\n' (__fish_complete_path (string replace unix: '' -- $word))
    else
        printf '%s\n' 127.0.0.1:8000 localhost:8000 '[::1]:8000' :8000 unix: fd://3
    end
end

complete -c blackbulld -f
complete -c blackbulld -n __blackbulld_in_command -x -a '(__blackbulld_command)'
complete -c blackbulld -n __blackbulld_wants_target -x -a '(__blackbulld_apps)'
complete -c blackbulld -n __blackbulld_wants_target -x -a '(__fish_complete_directories (commandline -ct) site)'

function __blackbulld_option
    complete -c blackbulld -n 'not __blackbulld_in_command' $argv
end

__blackbulld_option -s b -l bind -x -a '(__blackbulld_addresses)' -d 'Listen there'
__blackbulld_option -s w -l workers -x -a '0 1 2 4 8' -d 'Worker processes; 0 means one a CPU'
__blackbulld_option -l reload -d 'Watch files, and reload when one changes'
__blackbulld_option -l no-reload -d 'Do not watch'
__blackbulld_option -l reload-path -r -F -d 'Watch this file or directory'
__blackbulld_option -l reload-include -x -d 'Files that count'
__blackbulld_option -l reload-exclude -x -d 'Files and directories that do not'
__blackbulld_option -l reload-delay -x -d 'Quiet time before a reload, in milliseconds'
__blackbulld_option -l reload-poll -d 'Poll instead of using inotify'
__blackbulld_option -l build -x -a '(__fish_complete_command)' -d 'Shell command to run before each handover'
__blackbulld_option -l handover -x -a 'fresh overlap' -d 'What is served while the new generation starts'
__blackbulld_option -l ready-timeout -x -d 'How long a generation may take to be ready'
__blackbulld_option -l drain-timeout -x -d 'How long old workers may finish'
__blackbulld_option -l interface -x -a 'auto asgi wsgi' -d 'How the application is called'
__blackbulld_option -l python -r -F -a '(__fish_complete_command)' -d 'Interpreter'
__blackbulld_option -l app-dir -x -a '(__fish_complete_directories)' -d 'Import the application from here'
__blackbulld_option -l root-path -x -d 'Where a proxy shows the application'
__blackbulld_option -l lifespan -x -a 'auto on off' -d 'ASGI startup and shutdown events'
__blackbulld_option -l ready -x -a 'notify delay: auto' -d 'When a command counts as ready'
__blackbulld_option -l access-log -d 'Log each request'
__blackbulld_option -l no-access-log -d 'Do not log requests'
__blackbulld_option -l limit-body -x -d 'Largest request body'
__blackbulld_option -l limit-request-line -x -d 'Longest request line'
__blackbulld_option -l limit-header -x -d 'Longest header line'
__blackbulld_option -l limit-headers -x -d 'Most headers of a request'
__blackbulld_option -l limit-head -x -d 'Request line and headers together'
__blackbulld_option -l limit-concurrency -x -d 'Requests at once in a worker'
__blackbulld_option -l max-connections -x -d 'Open connections of a worker'
__blackbulld_option -l max-requests -x -d 'Replace a worker after so many requests'
__blackbulld_option -l timeout-header -x -d 'For the head of a request'
__blackbulld_option -l timeout-body -x -d 'Between two pieces of a body'
__blackbulld_option -l timeout-keep-alive -x -d 'For an idle connection'
__blackbulld_option -l timeout-write -x -d 'For a client that does not read'
__blackbulld_option -l forwarded-allow-ips -x -d 'Proxies to believe'
__blackbulld_option -s d -l detach -d 'Go to the background once it serves'
__blackbulld_option -l no-detach -d 'Stay in the foreground'
__blackbulld_option -l log-level -x -a 'error warn info debug' -d 'Least severe messages to show'
__blackbulld_option -l log-format -x -a 'text json' -d 'Form of the log lines'
__blackbulld_option -l admin -r -F -a off -d 'Socket for blackbullctl'
__blackbulld_option -l name -x -d 'Name of this instance'
__blackbulld_option -l config -r -F -d 'Read options from this file'
__blackbulld_option -s n -l check -d 'Check the configuration, run nothing'
__blackbulld_option -s V -l version -d 'Print the version'
__blackbulld_option -s h -l help -d 'Print help'

functions -e __blackbulld_option
