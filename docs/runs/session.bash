# Runs the commands of a session, and shows them with what they print:
#
#     bash docs/runs/session.bash NAME LANGUAGE > docs/runs/NAME.LANGUAGE.txt
#
# docs/runs/NAME.session holds one command a line, run in this folder. What goes to the
# background gets a moment to begin with, and is ended at the end.
set -m
name=$1
{
    export LANG="$2" PYTHONUTF8=1
    unset LC_ALL LC_MESSAGES
} 2> /dev/null  # bash complains of a language that it does not have
cd "$(dirname "$0")" || exit 2
exec 2>&1
started=()
end() {
    for job in "${started[@]}"; do kill -- "-$job"; done
    sleep 2
    for job in "${started[@]}"; do kill -KILL -- "-$job"; done
    wait
}
trap 'end 2> /dev/null' EXIT
was() { return "$1"; }
status=0
while IFS= read -r line <&3; do
    printf '$ %s\n' "$line"
    was "$status"
    eval "$line" < /dev/null 3<&-
    status=$?
    case $line in
        *'&') started+=("$!"); sleep 2 ;;
    esac
done 3< "$name.session"
