#!/usr/bin/env bash
# nginx: prefork. The program forks into the background, that child forks two workers and a manager of its cache, and
# the workers give up the rights of root and make a pool of threads. All that serve requests are forked children that
# never exec; a reload makes new ones while the old ones end.
#
# Only unix sockets: no port that may be taken.
#
# serves: nginx curl
# shellcheck source=common.bash
source "${BASH_SOURCE[0]%/*}/common.bash"
# Not in everybody's PATH.
PATH+=:/usr/sbin
find_real nginx nginx
find_real curl curl
# Relative paths, because the name of a unix socket may have 107 characters only.
user=
if (( EUID == 0 )); then
    user="user nobody $(id -gn nobody);"
fi

configure() { # WORD
    cat >nginx.conf <<END
$user
daemon on;
worker_processes 2;
worker_shutdown_timeout 10s;
pid nginx.pid;
error_log error.log notice;
events { worker_connections 64; }
http {
    access_log access.log combined buffer=4k;
    default_type text/plain;
    client_body_temp_path temporary/body;
    proxy_temp_path temporary/proxy;
    fastcgi_temp_path temporary/fastcgi;
    uwsgi_temp_path temporary/uwsgi;
    scgi_temp_path temporary/scgi;
    proxy_cache_path cache keys_zone=kept:1m;
    gzip on;
    gzip_min_length 100;
    gzip_types text/plain;
    server {
        listen unix:front.sock;
        location = /word { return 200 "$1\n"; }
        location /static/ { alias files/; aio threads; output_buffers 2 4k; }
        location /list/ { alias files/; autoindex on; autoindex_format json; }
        location /page { ssi on; ssi_types text/plain; alias page; }
        location /upload/ { alias uploaded/; dav_methods PUT DELETE; client_body_buffer_size 8k; create_full_put_path on; }
        location /cached/ { proxy_pass http://unix:back.sock:/; proxy_cache kept; proxy_cache_valid 200 10m; }
        location /behind/ { proxy_pass http://unix:back.sock:/; proxy_buffers 4 4k; proxy_buffer_size 4k; }
    }
    server {
        listen unix:back.sock;
        location / { alias files/; sub_filter line row; sub_filter_once off; sub_filter_types text/plain; }
    }
}
END
}

nginx() { "$nginx" -p "$PWD" -c nginx.conf -e error.log "$@"; }
# fetch OPTION... PATH...: all in one process.
fetch() {
    local option=() path=()
    while (( $# > 0 )); do
        if [[ $1 == /* ]]; then path+=("http://front$1"); else option+=("$1"); fi
        shift
    done
    "$curl" --no-progress-meter --fail --unix-socket front.sock "${option[@]}" "${path[@]}"
}

section "start"
mkdir temporary cache files uploaded
(( EUID != 0 )) || chown nobody uploaded cache temporary
scaled files 100 20
for ((i = 0; i < files; i++)); do
    for ((line = 0; line < 20 + i % 50 * 8; line++)); do
        echo "line $line of $i: $(( (line * 7919 + i * 31) % 10007 ))"
    done >files/$i
done
echo '<!--#set var="who" value="you" --><!--#include virtual="/word" -->and <!--#echo var="who" -->
<!--#include virtual="/behind/1" --><!--#include virtual="/static/2" -->' >page
configure before
: >error.log
gave_up() {
    tail -n 20 error.log >&2
    [[ ! -s nginx.pid ]] || kill -KILL -- "-$(<nginx.pid)" || true
}
trap gave_up EXIT
nginx -t -q
nginx
until_true 200 test -s nginx.pid
master=$(<nginx.pid)
# Each is called master until it has done what it begins with.
grown_up() {
    family=$(ps -o user=,args= --ppid "$master" | sort)
    [[ $family == *loader*manager*worker*worker* && $family != *master* ]]
}
until_true 200 grown_up
echo "$family"
fetch /word

# all_of PLACE OPTION...: all files from there, eight at a time.
all_of() {
    fetch --parallel --parallel-max 8 --create-dirs --output 'got/#1' "${@:2}" "$1[0-$(( files - 1 ))]"
}

section "work"
all_of /static/
diff -r files got
all_of /static/ --compressed
diff -r files got
all_of /behind/
cat got/* | sha256sum
all_of /cached/
all_of /cached/
cat got/* | sha256sum
fetch /page
fetch /list/ | sed -E 's/"mtime":"[^"]*"//' | sha256sum
fetch --upload-file "files/[0-9]" --write-out '%{http_code}\n' /upload/
expect 22 fetch --write-out '%{http_code}\n' /upload/none /static/none 2>errors
cat uploaded/* | sha256sum

section "reload"
read -r -d '' -a before < <(ps -o pid= --ppid "$master") || true
configure after
all_of /behind/ &
fetching=$!
kill -HUP "$master"
expect 0 wait "$fetching"
renewed() { local pid; for pid in "${before[@]}"; do has_ended "$pid" || return 1; done; }
until_true 400 renewed
until_true 200 grown_up
echo "$family"
fetch /word
all_of /static/
diff -r files got

section "end"
nginx -s quit
until_true 400 has_ended "$master"
trap - EXIT
declare -A count=()
while read -r -a entry; do
    status=${entry[8]}
    count[$status]=$(( ${count[$status]-0} + 1 ))
done <access.log
for status in 200 201 204 404 499 500 502 504; do
    echo "$status: ${count[$status]-0}"
done
expect 1 grep -E '\[(alert|crit|emerg)\]|on signal' error.log
