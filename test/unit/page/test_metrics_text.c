#include "page/metrics_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *json(const char *text)
{
	json_t *made = json_loads(text, 0, NULL);

	assert_non_null(made);
	return made;
}

static char *write_text(const char *filter, const char *results)
{
	struct buf out = BUF_INIT(64 * 1024);
	json_t *of_filter = filter == NULL ? NULL : json(filter);
	json_t *of_feeds = json(results);
	const struct metrics_facts facts = {
	    .filter = of_filter, .feed_results = of_feeds, .page_memory_bytes = 4096};

	metrics_write(&out, &facts);
	assert_int_equal(buf_status(&out), OK);
	char *text = strdup(buf_cstr(&out));
	buf_deinit(&out);
	json_decref(of_filter);
	json_decref(of_feeds);
	return text;
}

static void assert_has(const char *text, const char *words)
{
	if (strstr(text, words) == NULL)
		fail_msg("%s\nis not in\n%s", words, text);
}

static void values_of_labels_are_escaped(void **state)
{
	char *text =
	    write_text("{\"version\":\"a\\\"b\\\\c\\nd\"}", "{\"x\\\"}\\n\":\"ok\"}");

	(void)state;
	assert_has(text, "lachan_build_info{version=\"a\\\"b\\\\c\\nd\"} 1\n");
	assert_has(text, "lachan_feed_ok{feed=\"x\\\"}\\n\"} 1\n");
	free(text);

	text = write_text("{\"upstreams\":[{\"address\":\"192.0.2.1\",\"zone\":"
	                  "\"a\\\\032b.lan\",\"queries\":7}]}",
	    "{}");
	assert_has(text,
	    "lachan_upstream_queries_total{server=\"192.0.2.1\",zone=\"a\\\\032b.lan\"} 7\n");
	free(text);
}

static void a_silent_filter_leaves_what_is_known(void **state)
{
	char *text = write_text(NULL, "{\"a\":\"held\",\"b\":\"refused\"}");

	(void)state;
	assert_has(text, "lachan_up{program=\"lachan-filter\"} 0\n");
	assert_has(text, "lachan_memory_bytes{program=\"lachan-page\"} 4096\n");
	assert_has(text, "lachan_feed_held{feed=\"a\"} 1\n");
	assert_has(text, "lachan_feed_ok{feed=\"b\"} 0\n");
	assert_null(strstr(text, "lachan_queries_total"));
	free(text);
}

static void every_counter_is_shown_and_each_once(void **state)
{
	char *text = write_text("{\"queries\":{\"udp\":1,\"blocked\":2,\"dropped\":3,"
	                        "\"dropped_rate\":4,\"brand_new\":5,\"ring_lost\":6}}",
	    "{}");

	(void)state;
	assert_has(text, "lachan_queries_total{transport=\"udp\"} 1\n");
	assert_has(text, "lachan_verdicts_total{verdict=\"blocked\"} 2\n");
	assert_has(text, "lachan_drops_total{reason=\"other\"} 3\n");
	assert_has(text, "lachan_drops_total{reason=\"rate\"} 4\n");
	assert_has(text, "lachan_events_total{event=\"brand_new\"} 5\n");
	assert_has(text, "lachan_tally_lost_total 6\n");
	assert_null(strstr(text, "event=\"udp\""));
	assert_null(strstr(text, "event=\"ring_lost\""));
	free(text);
}

static void buckets_add_up(void **state)
{
	char *text =
	    write_text("{\"latency\":{\"bounds_ms\":[1,50,5000],\"buckets\":[7,2,0,1],"
	               "\"sum_ms\":6045}}",
	        "{}");

	(void)state;
	assert_has(text,
	    "lachan_answer_seconds_bucket{le=\"0.001\"} 7\n"
	    "lachan_answer_seconds_bucket{le=\"0.05\"} 9\n"
	    "lachan_answer_seconds_bucket{le=\"5\"} 9\n"
	    "lachan_answer_seconds_bucket{le=\"+Inf\"} 10\n"
	    "lachan_answer_seconds_sum 6.045\n"
	    "lachan_answer_seconds_count 10\n");
	free(text);
}

static void nonsense_is_left_out(void **state)
{
	char *text =
	    write_text("{\"queries\":{\"udp\":\"1\",\"tcp\":-1},\"uptime_s\":[],"
	               "\"latency\":{\"bounds_ms\":[1],\"buckets\":[1],\"sum_ms\":1},"
	               "\"upstreams\":[1,{\"rtt_us\":0}],\"feeds\":{}}",
	        "{\"a\":1}");

	(void)state;
	assert_null(strstr(text, "lachan_queries_total"));
	assert_null(strstr(text, "lachan_uptime_seconds"));
	assert_null(strstr(text, "lachan_answer_seconds"));
	assert_null(strstr(text, "lachan_upstream_rtt_seconds"));
	assert_has(text, "lachan_feed_ok{feed=\"a\"} 0\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_of_labels_are_escaped),
	    cmocka_unit_test(a_silent_filter_leaves_what_is_known),
	    cmocka_unit_test(every_counter_is_shown_and_each_once),
	    cmocka_unit_test(buckets_add_up),
	    cmocka_unit_test(nonsense_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
