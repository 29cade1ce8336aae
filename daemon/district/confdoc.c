/* lachan-district-confdoc -- prints docs/district.yaml.sample and docs/district-configuration.md. */
#include "conf/confdoc_print.h"
#include "district/config_keys.h"

static const char SAMPLE_HEAD[] =
    "# district.yaml: every key with its default; examples are comments. No key must be\n"
    "# given: an empty file runs a collector for this machine alone.\n"
    "# docs/district-configuration.md says more.\n"
    "#\n"
    "# Durations 500ms 10s 5m 24h 30d, months 24M; sizes 64KiB 32MiB; relative paths are\n"
    "# relative to this file.";

static const char MANUAL_HEAD[] =
    "# Configuration of the department's collector\n\n"
    "One file, `district.yaml`, read by `lachan-district -c FILE`. The rules of\n"
    "[configuration.md](configuration.md) hold: JSON is YAML; durations, sizes and switches are\n"
    "written alike; anchors, aliases, tags and doubled keys are refused; every mistake is told in\n"
    "one run with its place and what to do. This page is printed by `lachan-district-confdoc\n"
    "manual` from the rows the parser reads with; the sample beside it, `district.yaml.sample`, by\n"
    "`lachan-district-confdoc sample`.\n\n"
    "An empty file runs a collector that this machine alone can reach. The smallest one for a\n"
    "department:\n\n"
    "```yaml\n"
    "department:\n"
    "  name: Sở Giáo dục và Đào tạo\n"
    "server:\n"
    "  listen_tls: [\"0.0.0.0:443\"]\n"
    "  certificate: {file: /etc/lachan-district/server.pem, key: /etc/lachan-district/server.key}\n"
    "  public_url: https://lachan.example.vn\n"
    "users_file: /var/lib/lachan-district/users\n"
    "```\n\n"
    "`lachan-district -c FILE --check` reads it and says what is wrong. HUP reads it again;\n"
    "changes of `listen`, `listen_tls`, `metrics`, `user`, `state_dir`, `time_zone` and `store`\n"
    "need a restart and are refused until then. A certificate that was renewed is taken by HUP if\n"
    "the service's user may read its key; else at the next start, which reads it as root.\n\n"
    "| key | value | default | |\n|---|---|---|---|\n";

static const char MANUAL_TAIL[] =
    "\n## Behind a proxy\n\n"
    "Plain http is for loopback, and for the proxies of `trusted_proxies`: whoever else connects\n"
    "there is closed at once. Of these proxies X-Forwarded-For is believed from the right, up to\n"
    "the first address that is none of them, and X-Forwarded-Proto. A proxy must pass on the\n"
    "Host, may not pack or unpack bodies, and takes at least `limits.document`.\n\n"
    "## Stores\n\n"
    "`sqlite` is one file in `state_dir`, for one collector. With `postgresql://USER@HOST/DATABASE`\n"
    "several collectors may share one database; passwords belong into `~/.pgpass` of `server.user`\n"
    "or into PGPASSFILE, not into this file. A lachan-district that was built without libpq says so\n"
    "at this key. `limits.per_unit` is counted in the memory of each collector: with two of them a\n"
    "unit may send twice as often, and a restart forgets. It bounds what one broken sender costs,\n"
    "and is no account.\n\n"
    "## Limits\n\n"
    "A body that is longer than `limits.document` is refused by its length, before a byte of it\n"
    "comes. What it unpacks to is looked at while it grows: above 4 MiB, or fifty times its own\n"
    "length, it is dropped. 512 connections are open at once, 64 of one address (of trusted\n"
    "proxies: any number); when all places are taken, a new connection takes the place of the\n"
    "oldest of whoever holds most. A request has 30 seconds from accept to its last octet, an\n"
    "answer two minutes.\n";

int main(int argc, char **argv)
{
	const struct confdoc doc = {DISTRICT_ROWS, SAMPLE_HEAD, MANUAL_HEAD, MANUAL_TAIL};

	return confdoc_main(&doc, argc, argv);
}
