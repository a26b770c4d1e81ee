#!/usr/bin/env bash
# Totals of the bundled log as JSON, by zstdcat, awk, sort and sha256sum alone: no code of this project takes part.
#   examples/recording/truth.sh src/mockforge_analytics/bundled/example-access.log.zst > tests/data/example-access.truth.json
#
# Rules. nginx writes a double quote inside a field as \x22, so splitting a line at " is exact: seven parts.
#   bad line           not of the shape: combined log, then seconds with three decimals
#   request            every line that is not bad, whatever its request line holds
#   malformed_request  the request line is not: METHOD target HTTP/n.n, three words, method in capitals
#   methods, paths     of well-formed request lines; the path is the target before "?", undecoded
#   origin paths       the same, and an absolute target (RFC 9112, 3.2.2) loses scheme and host
#   clients            distinct first words
#   latency            the last number, in milliseconds; percentiles by nearest rank, ceil(q/100 * n), over a full sort
#   hours              requests by the hour of the log's own time, which is UTC
set -euo pipefail
export LC_ALL=C

if [ $# -ne 1 ] || [ ! -r "$1" ]; then
    echo "usage: $0 LOG or LOG.zst" >&2
    exit 2
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
log="$work/log"
parsed="$work/parsed"
case "$1" in
    *.zst) zstdcat -- "$1" > "$log" ;;
    *) cp -- "$1" "$log" ;;
esac

# One line per request, tab-separated: client, day, hour, time, status, bytes, milliseconds, well-formed, method, path,
# user agent, origin path.
awk -F'"' -v bad="$work/bad" '
    NF == 7 &&
    $1 ~ /^[0-9a-f.:]+ - [^ ]+ \[[0-9][0-9]\/Nov\/2026:[0-9][0-9]:[0-9][0-9]:[0-9][0-9] \+0000\] $/ &&
    $3 ~ /^ [0-9][0-9][0-9] [0-9]+ $/ && $5 == " " && $7 ~ /^ [0-9]+\.[0-9][0-9][0-9]$/ {
        split($1, head, " "); split(head[4], time, /[\[\/:]/); split($3, tail, " ")
        ms = substr($7, 2); sub(/\./, "", ms); ms += 0
        good = ($2 ~ /^[A-Z]+ [^ ]+ HTTP\/[0-9]\.[0-9]$/)
        split($2, request, " ")
        path = request[2]; sub(/\?.*/, "", path)
        origin = path
        if (sub(/^[a-z]+:\/\/[^\/]*/, "", origin) && origin == "") origin = "/"
        printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", head[1], time[2], time[5],
            time[4] "-11-" time[2] "T" time[5] ":" time[6] ":" time[7] "Z",
            tail[1], tail[2], ms, good, good ? request[1] : "", good ? path : "", $6, good ? origin : ""
        next
    }
    { print > bad }' "$log" > "$parsed"
touch "$work/bad"

histogram() { # histogram COLUMN [CONDITION]: {"value": count, …} by value
    awk -F'\t' -v column="$1" "${2:-1}"' { count[$column]++ } END { for (key in count) print key "\t" count[key] }' \
        "$parsed" | sort | awk -F'\t' '
        { gsub(/\\/, "&&", $1); printf "%s\"%s\": %d", (NR > 1 ? ", " : "{"), $1, $2 } END { print (NR ? "}" : "{}") }'
}

distinct() { cut -f "$1" "$parsed" | sort -u | wc -l; }

percentiles() { # percentiles [CONDITION]: milliseconds
    awk -F'\t' "${1:-1}"' { print $7 }' "$parsed" | sort -n | awk '
        function rank(q) { return value[int((q * NR + 99) / 100)] }
        { value[NR] = $1; sum += $1 }
        END { printf "{\"count\": %d, \"sum\": %d, \"min\": %d, \"p50\": %d, \"p95\": %d, \"p99\": %d, \"max\": %d}\n",
                  NR, sum, value[1], rank(50), rank(95), rank(99), value[NR] }'
}

count() { awk -F'\t' "$1"' { n++ } END { print n + 0 }' "$parsed"; }

top_paths() { # top_paths COLUMN: [["path", count], …], most first
    awk -F'\t' -v column="$1" '$8 { count[$column]++ } END { for (path in count) print count[path] "\t" path }' "$parsed" |
        sort -k1,1nr -k2,2 | head -n 10 |
        awk -F'\t' '{ gsub(/\\/, "&&", $2); printf "%s[\"%s\", %d]", (NR > 1 ? ", " : "["), $2, $1 } END { print "]" }'
}

cat << END
{
 "file_bytes": $(wc -c < "$1"),
 "file_sha256": "$(sha256sum < "$1" | cut -d ' ' -f 1)",
 "log_bytes": $(wc -c < "$log"),
 "log_sha256": "$(sha256sum < "$log" | cut -d ' ' -f 1)",
 "lines": $(wc -l < "$log"),
 "bad_lines": $(wc -l < "$work/bad"),
 "requests": $(wc -l < "$parsed"),
 "malformed_request": $(count '!$8'),
 "errors": $(count '$5 >= 400'),
 "server_errors": $(count '$5 >= 500'),
 "status": $(histogram 5),
 "methods": $(histogram 9 '$8'),
 "bytes_sum": $(awk -F'\t' '{ sum += $6 } END { printf "%.0f", sum }' "$parsed"),
 "clients": $(distinct 1),
 "ipv6_requests": $(count '$1 ~ /:/'),
 "user_agents": $(distinct 11),
 "distinct_paths": $(awk -F'\t' '$8 { print $10 }' "$parsed" | sort -u | wc -l),
 "top_paths": $(top_paths 10),
 "top_origin_paths": $(top_paths 12),
 "min_time": "$(cut -f 4 "$parsed" | sort | head -n 1)",
 "max_time": "$(cut -f 4 "$parsed" | sort | tail -n 1)",
 "out_of_order_lines": $(awk -F'\t' '$4 < last { n++ } { last = $4 } END { print n + 0 }' "$parsed"),
 "latency_ms": $(percentiles),
 "latency_ms_checkout": $(percentiles '$9 == "POST" && $10 == "/api/v1/checkout"'),
 "latency_ms_checkout_incident": $(percentiles '$9 == "POST" && $10 == "/api/v1/checkout" && $2 == 18 && $3 >= 13 && $3 < 16'),
 "latency_ms_reports": $(percentiles '$10 ~ /^\/api\/v1\/reports\//'),
 "days": $(histogram 2),
 "hours_of_wednesday": $(histogram 3 '$2 == 18'),
 "hours_of_sunday": $(histogram 3 '$2 == 22'),
 "errors_by_hour_of_wednesday": $(histogram 3 '$2 == 18 && $5 >= 400')
}
END
