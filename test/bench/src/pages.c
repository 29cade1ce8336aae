/* pages - asks a web server for one page at a fixed rate, and holds connections against it.
 *
 *   pages [-a 127.0.0.1] [-p port] [-r rate] [-l seconds] [-c clients] [-n name] [-t path]
 *         [-s hostile] [-g]
 *
 * Open loop: -r requests a second, one connection each, in turn from -c addresses of
 * 127.2.0.0/16; times count from the moment a request was due. With -s, that many hostile
 * connections from 127.3.0.0/16 (25 a client) are kept up meanwhile: a third says nothing,
 * a third drips its head an octet a second, a third asks and never reads; those that are
 * closed are opened again, 200 a second of them: more would measure this program. -g accepts
 * gzip. Prints one JSON object; times in ms. */
#include "common.h"

enum { MAXC = 16384, HOSTILE_MAX = 4096, PATIENCE_NS = 2000000000, REOPEN_NS = 5000000 };
enum kind { ASKS = 0, SILENT, DRIPS, NEVER_READS };
struct conn {
    int fd;
    enum kind kind;
    int heard;
    uint64_t due, first;
    char status[4];
};

static struct conn C[MAXC];
/* Hostile ones that wait to come back, in a circle. */
static struct { enum kind kind; uint32_t from; } waiting[HOSTILE_MAX];
static unsigned waiting_first, waiting_count;
static int free_list[MAXC], free_count, ep;
static struct sockaddr_in server;
static char request[2048];
static size_t request_len;
static uint64_t asked, failed, answered, reopened, statuses[600], bytes;
static double *first_ms, *whole_ms;
static size_t samples_max;

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void print_times(const char *what, double *v)
{
    if (answered == 0) {
        printf(", \"%s\": null", what);
        return;
    }
    qsort(v, answered, sizeof *v, by_value);
    printf(", \"%s\": {\"p50\": %.3f, \"p99\": %.3f, \"max\": %.3f}", what, v[answered / 2],
        v[answered * 99 / 100], v[answered - 1]);
}

static struct conn *open_conn(enum kind kind, uint32_t from, uint64_t due)
{
    struct sockaddr_in source = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(from) };
    struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
    int one = 1, small = 1024;
    if (free_count == 0) return NULL;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return NULL;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (kind == NEVER_READS) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (bind(fd, (struct sockaddr *)&source, sizeof source) ||
        (connect(fd, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS)) {
        close(fd);
        return NULL;
    }
    int i = free_list[--free_count];
    C[i] = (struct conn){ .fd = fd, .kind = kind, .due = due };
    ev.data.u32 = (uint32_t)i;
    if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev)) die("epoll_ctl");
    return &C[i];
}

static void close_conn(struct conn *c)
{
    close(c->fd);
    c->fd = -1;
    free_list[free_count++] = (int)(c - C);
}

static void finish(struct conn *c, int ok)
{
    if (ok && c->heard > 12 && answered < samples_max) {
        first_ms[answered] = (double)(c->first - c->due) / 1e6;
        whole_ms[answered++] = (double)(now_ns() - c->due) / 1e6;
        long status = strtol(c->status, NULL, 10);
        if (status >= 0 && status < 600) statuses[status]++;
    } else {
        failed++;
    }
    close_conn(c);
}

/* A hostile one comes back later as the same kind, from the same client. */
static void come_back(struct conn *c)
{
    struct sockaddr_in at;
    socklen_t len = sizeof at;
    enum kind kind = c->kind;
    getsockname(c->fd, (struct sockaddr *)&at, &len);
    close_conn(c);
    unsigned i = (waiting_first + waiting_count++) % HOSTILE_MAX;
    waiting[i].kind = kind;
    waiting[i].from = ntohl(at.sin_addr.s_addr);
}

static void reopen_one(void)
{
    if (waiting_count == 0) return;
    open_conn(waiting[waiting_first].kind, waiting[waiting_first].from, 0);
    waiting_first = (waiting_first + 1) % HOSTILE_MAX;
    waiting_count--;
    reopened++;
}

static void on_readable(struct conn *c)
{
    static char text[65536];
    for (;;) {
        ssize_t got = recv(c->fd, text, sizeof text, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got <= 0) {
            if (c->kind == ASKS) finish(c, got == 0);
            else come_back(c);
            return;
        }
        if (c->kind == ASKS && c->heard == 0) {
            c->first = now_ns();
            if (got > 12) memcpy(c->status, text + 9, 3);
        }
        c->heard += (int)got;
        bytes += c->kind == ASKS ? (uint64_t)got : 0;
    }
}

static void on_event(struct conn *c, uint32_t what)
{
    static const char half[] = "GET / HTTP/1.1\r\nX-a: ";
    if (c->fd < 0) return;
    if (what & EPOLLOUT && c->heard >= 0 && c->first == 0) {
        c->first = 1; /* said */
        if (c->kind == ASKS || c->kind == NEVER_READS)
            (void)!send(c->fd, request, request_len, MSG_NOSIGNAL);
        else if (c->kind == DRIPS)
            (void)!send(c->fd, half, sizeof half - 1, MSG_NOSIGNAL);
    }
    if (c->kind == NEVER_READS) {
        if (what & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) come_back(c);
    } else if (what & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
        on_readable(c);
    }
}

/* Once a second: drips, and requests that nobody answered. */
static void care(uint64_t now)
{
    for (int i = 0; i < MAXC; i++) {
        struct conn *c = &C[i];
        if (c->fd < 0) continue;
        if (c->kind == DRIPS) (void)!send(c->fd, "a", 1, MSG_NOSIGNAL);
        if (c->kind == ASKS && now > c->due + PATIENCE_NS) finish(c, 0);
    }
}

static void turn(uint64_t wait_ns)
{
    struct epoll_event evs[256];
    struct timespec wait = { 0, (long)wait_ns };
    int n = epoll_pwait2(ep, evs, 256, &wait, NULL);
    for (int i = 0; i < n; i++) on_event(&C[evs[i].data.u32], evs[i].events);
}

static int busy(void)
{
    int n = 0;
    for (int i = 0; i < MAXC; i++) n += C[i].fd >= 0 && C[i].kind == ASKS;
    return n;
}

static void ask_until(uint64_t end, int rate, int clients)
{
    uint64_t begin = now_ns(), last_care = begin, last_reopen = begin, k = 0;
    while (now_ns() < end) {
        uint64_t now = now_ns(), due = begin + k * 1000000000ull / (uint64_t)(rate ? rate : 1);
        if (rate && now >= due) {
            asked++;
            if (!open_conn(ASKS, 0x7f020001u + (uint32_t)(k % (unsigned)clients), due)) failed++;
            k++;
            continue;
        }
        turn(rate && due - now < 1000000 ? due - now : 1000000);
        if (now - last_reopen > REOPEN_NS) last_reopen = now, reopen_one();
        if (now - last_care > 1000000000ull) care(last_care = now);
    }
}

int main(int argc, char **argv)
{
    const char *ip = "127.0.0.1", *name = "bench.example", *path = "/";
    int port = 80, rate = 100, seconds = 5, clients = 100, hostile = 0, gzip = 0, opt;
    while ((opt = getopt(argc, argv, "a:p:r:l:c:n:t:s:g")) != -1) {
        if (opt == 'a') ip = optarg;
        else if (opt == 'p') port = int_of(optarg);
        else if (opt == 'r') rate = int_of(optarg);
        else if (opt == 'l') seconds = int_of(optarg);
        else if (opt == 'c') clients = int_of(optarg);
        else if (opt == 'n') name = optarg;
        else if (opt == 't') path = optarg;
        else if (opt == 's') hostile = int_of(optarg);
        else if (opt == 'g') gzip = 1;
        else return 2;
    }
    if (clients < 1 || clients > 60000 || hostile > HOSTILE_MAX) return 2;
    server = addr_of(ip, port);
    struct rlimit files = { 20000, 20000 };
    setrlimit(RLIMIT_NOFILE, &files);
    request_len = (size_t)snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/html\r\n%s\r\n", path, name,
        gzip ? "Accept-Encoding: gzip\r\n" : "");
    samples_max = (size_t)rate * (size_t)seconds + 1;
    first_ms = calloc(samples_max, sizeof *first_ms);
    whole_ms = calloc(samples_max, sizeof *whole_ms);
    if (!first_ms || !whole_ms || request_len >= sizeof request) return 1;
    ep = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < MAXC; i++) C[i].fd = -1, free_list[free_count++] = MAXC - 1 - i;
    for (int i = 0; i < hostile; i++)
        open_conn((enum kind)(SILENT + i % 3), 0x7f030001u + (uint32_t)(i / 25), 0);
    ask_until(now_ns() + (uint64_t)seconds * 1000000000ull, rate, clients);
    for (uint64_t end = now_ns() + PATIENCE_NS; busy() && now_ns() < end;) turn(1000000);
    care(UINT64_MAX);
    printf("{\"asked\": %llu, \"answered\": %llu, \"failed\": %llu, \"bytes\": %llu, \"reopened\": %llu",
        (unsigned long long)asked, (unsigned long long)answered, (unsigned long long)failed,
        (unsigned long long)bytes, (unsigned long long)reopened);
    printf(", \"status\": {");
    for (int i = 0, said = 0; i < 600; i++)
        if (statuses[i]) printf("%s\"%d\": %llu", said++ ? ", " : "", i, (unsigned long long)statuses[i]);
    printf("}");
    print_times("first_ms", first_ms);
    print_times("whole_ms", whole_ms);
    printf("}\n");
    return 0;
}
