# Lá Chắn: the filter alone, rules compiled from the list as one feed of category adult
BLOCKS=below
RELOAD=yes
LACHAN_BIN=${LACHAN_BIN:-$BENCH/../../build/bin}
d_version() { "$LACHAN_BIN/lachan-filter" --version | head -1; }
d_prepare() {
    mkdir -p "$DIR/state" "$DIR/run"
    cat >"$DIR/lachan.yaml" <<E
school: {levels: [lower_secondary]}
server:
  listen: ["$ADDR:$PORT"]
  threads: $THREADS
  user: ""
  state_dir: $DIR/state
  run_dir: $DIR/run
  log: {level: error}
upstream: {servers: ["udp://$UP_ADDR:$UP_PORT"]}
cache: {size: $((CACHE / 1000 * 512 / 1024 + 2))MiB}
filter: {feeds: [{name: bench, category: adult, url: ["file://$LIST"]}]}
E
    "$LACHAN_BIN/lachan-rules" compile -o "$DIR/state/rules.db" --format domains "adult=$LIST"
}
d_start() { exec "$LACHAN_BIN/lachan-filter" -c "$DIR/lachan.yaml"; }
d_reload() { :; } # the filter notices the new file by itself (four times a second)
