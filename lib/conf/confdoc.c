/* lachan-confdoc -- prints the sample configuration or the manual's page: `lachan-confdoc
 * sample`, `lachan-confdoc manual`. */
#include "conf/confdoc_print.h"
#include "conf/confdoc_text.h"
#include "conf/internal.h"

static const char SAMPLE_HEAD[] =
    "# lachan.yaml: every key with its default; examples are comments. Only\n"
    "# school.levels must be given: a file of that one key runs a school on a flat\n"
    "# network. docs/configuration.md says more.\n"
    "#\n"
    "# Durations 500ms 10s 5m 24h 30d; sizes 64KiB 32MiB; relative paths are relative\n"
    "# to this file. lachan.d/overrides.yaml beside it has the same keys and is merged\n"
    "# last. A key that is \"not built yet\" may only hold its default.";

int main(int argc, char **argv)
{
	const struct confdoc doc = {CONFIG_ROWS, SAMPLE_HEAD, MANUAL_HEAD, MANUAL_TAIL};

	return confdoc_main(&doc, argc, argv);
}
