#include "lachanctl/report_sheet.h"

#include <string.h>

#include "base/html.h"
#include "conf/config.h"
#include "lachanctl/quoted.h"
#include "lachanctl/report_words.h"

/* Sentences in both languages; NULL ends a list. */
struct pair {
	const char *vi, *en;
};

static const char HEAD[] =
    "<!DOCTYPE html>\n<html lang=\"vi\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'\">\n"
    "<meta name=\"referrer\" content=\"no-referrer\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>Phiếu chuyển tin đến Tổng đài 111</title>\n<style>\n"
    "@page{size:A4;margin:16mm}\n"
    "body{font:12pt/1.4 sans-serif;color:#000;background:#fff;max-width:46em;margin:1em auto;"
    "padding:0 1em}\n"
    "h1{font-size:1.4em;margin:0}h2{font-size:1.1em;margin:1.2em 0 .3em;border-bottom:1px "
    "solid #000;break-after:avoid}\n"
    ".en{color:#444;font-size:.85em}p.en{margin:0 0 .3em}p{margin:.2em 0}\n"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #555;padding:.35em "
    ".5em;text-align:left;vertical-align:top}th{width:34%;font-weight:600}th .en{font-weight:400}tr{break-inside:"
    "avoid}\n"
    ".words{white-space:pre-wrap;overflow-wrap:anywhere}.blank{height:2.2em}.tall{height:5em}\n"
    ".urgent{border:2px solid #000;padding:.5em .7em;margin:.7em 0;font-weight:600}\n"
    "li{margin:.25em 0}\n</style>\n</head>\n<body>\n";

static const struct pair SAY[] = {
    {"Xin chào Tổng đài 111. Tôi gọi từ tổ tư vấn của trường. Tôi muốn báo về một em học sinh "
     "có thể đang bị xâm hại hoặc gặp nguy hiểm trên môi trường mạng.",
        "Hello, hotline 111. I am calling from the school's counselling team. I want to report "
        "about a pupil who may be harmed or in danger online."},
    {"Tin này do học sinh tự gửi, không ghi tên. Tôi sẽ đọc đúng những điều em đã viết.",
        "A pupil sent this without giving a name. I will read out what was written, word for "
        "word."},
    {"Điều chúng tôi đã biết và chưa biết là… Điều chúng tôi đã làm là…",
        "What we know and do not know is … What we have done is …"},
    {"Xin cho biết việc cần làm ngay để giữ an toàn cho em, ai nên báo cho cha mẹ, và mã hồ sơ "
     "của Tổng đài.",
        "Please tell us what to do at once to keep the child safe, who should inform the "
        "parents, and the hotline's reference number."},
    {NULL, NULL}};

static const struct pair TAKE_CARE[] = {
    {"Không tra hỏi để tìm ra người gửi. Em đã chọn không ghi tên.",
        "Do not question pupils to find out who wrote it. The pupil chose to give no name."},
    {"Danh tính chỉ nêu khi đã biết và thật cần để bảo vệ em; hỏi ý kiến em trước, nếu được.",
        "Give an identity only when it is known and needed to protect the child; ask the child "
        "first where possible."},
    {"Không sao chép, không chuyển tiếp ảnh hoặc video xâm hại trẻ em; chỉ ghi lại địa chỉ nơi "
     "thấy.",
        "Never copy or forward pictures or videos of abuse; note only where they were seen."},
    {"Cất phiếu này trong tủ có khóa của tổ tư vấn; hủy khi không còn cần.",
        "Keep this sheet in the counselling team's locked cupboard; destroy it when it is no "
        "longer needed."},
    {NULL, NULL}};

static const struct pair BLANKS_CHILD[] = {
    {"Em đang an toàn không? Ai ở cùng em?",
        "Is the child safe now? Who is with the child?"},
    {"Em cần gì, muốn gì", "What the child needs and wants"},
    {"Cấp học, tuổi (nếu đã biết)", "School level, age (if known)"},
    {"Danh tính (chỉ khi cần để bảo vệ em)",
        "Identity (only where it is needed to protect)"},
    {"Người gây hại: điều đã biết (tài khoản, trang)",
        "Who harms: what is known (account, site)"},
    {"Bằng chứng đang do ai giữ", "Who keeps the evidence"},
    {"Nhà trường đã làm gì", "What the school has done"}, {NULL, NULL}};

static const struct pair BLANKS_CALL[] = {{"Ngày, giờ gọi", "Date and time of the call"},
    {"Người nghe máy, mã hồ sơ của Tổng đài", "Who answered; the hotline's reference"},
    {"Hướng dẫn của Tổng đài", "What the hotline advised"},
    {"Ai làm gì, đến ngày nào", "Who does what, until when"},
    {"Ai báo cho cha mẹ, người chăm sóc em", "Who informs parents or carers"},
    {"Nơi khác đã chuyển tin (113, 115, công an, y tế)",
        "Handed on elsewhere (113, 115, police, health)"},
    {"Người gọi (họ tên, chức vụ, chữ ký)", "Caller (name, position, signature)"},
    {NULL, NULL}};

/* Text for HTML, from anybody. */
static void put_text(struct buf *out, const char *words)
{
	struct buf safe = BUF_INIT(64 << 10);

	quoted_append(&safe, words, "\n");
	struct slice rest = buf_slice(&safe);
	while (rest.ptr != NULL) {
		html_escape(out, slice_cut(&rest, '\n'));
		if (rest.ptr != NULL)
			buf_byte(out, '\n');
	}
	buf_deinit(&safe);
}

static void put_heading(struct buf *out, struct pair words)
{
	buf_printf(out, "<h2>%s <span class=\"en\" lang=\"en\">%s</span></h2>\n", words.vi,
	    words.en);
}

static void put_list(struct buf *out, const char *tag, const struct pair *words)
{
	buf_printf(out, "<%s>\n", tag);
	for (; words->vi != NULL; words++)
		buf_printf(out, "<li>%s<br><span class=\"en\" lang=\"en\">%s</span></li>\n",
		    words->vi, words->en);
	buf_printf(out, "</%s>\n", tag);
}

static void put_label(struct buf *out, struct pair label)
{
	buf_printf(out,
	    "<tr><th scope=\"row\">%s<br><span class=\"en\" lang=\"en\">%s</span></th>",
	    label.vi, label.en);
}

static void put_row(struct buf *out, struct pair label, const char *words)
{
	put_label(out, label);
	buf_text(out, "<td class=\"words\" dir=\"auto\">");
	put_text(out, *words != 0 ? words : "–");
	buf_text(out, "</td></tr>\n");
}

static void put_blanks(struct buf *out, const struct pair *labels)
{
	buf_text(out, "<table>\n");
	for (; labels->vi != NULL; labels++) {
		put_label(out, *labels);
		buf_text(out, "<td class=\"blank\"></td></tr>\n");
	}
	buf_text(out, "</table>\n");
}

static void put_tier(struct buf *out, const struct team *team, const char *tier)
{
	const struct config *config = team->ctl->config;
	size_t i;

	put_label(out, (struct pair){"Cấp học của thiết bị", "School level of the device"});
	buf_text(out, "<td>");
	if (config != NULL && config_find_tier(config, tier, &i)) {
		put_text(out, config->tiers.items[i].name_vi.text);
		buf_text(out, " <span class=\"en\" lang=\"en\">");
		put_text(out, config->tiers.items[i].name_en.text);
		buf_text(out, "</span>");
	} else {
		put_text(out, tier);
	}
	buf_text(out, "</td></tr>\n");
}

static void put_kind(struct buf *out, const char *kind)
{
	put_label(out, (struct pair){"Loại tin", "Kind"});
	buf_text(out, "<td>");
	put_text(out, report_kind_words(kind, false));
	buf_text(out, "<br><span class=\"en\" lang=\"en\">");
	put_text(out, report_kind_words(kind, true));
	buf_text(out, "</span></td></tr>\n");
}

static void put_known(struct buf *out, const struct team *team, const struct team_case *one)
{
	char day[REPORT_DAY_BYTES];

	report_day_words(day, one->day);
	buf_text(out, "<table>\n");
	put_label(out, (struct pair){"Số tin, ngày nhận", "Case number, day it came"});
	buf_printf(out, "<td>%u &middot; ", (unsigned)one->id);
	put_text(out, day);
	buf_text(out, "</td></tr>\n");
	put_kind(out, one->kind);
	put_tier(out, team, one->tier);
	put_row(out, (struct pair){"Ở trang nào", "On which site"}, one->where);
	put_row(
	    out, (struct pair){"Nguyên văn lời em viết", "The pupil's words"}, one->what);
	put_row(out,
	    (struct pair){"Nơi, giờ em muốn gặp", "Where and when the pupil wants to meet"},
	    one->contact);
	if (one->reply_readable)
		put_row(out, (struct pair){"Tổ tư vấn đã trả lời", "The team's reply"},
		    one->reply);
	buf_text(out, "</table>\n");
}

void report_sheet_write(
    struct buf *out, const struct team *team, const struct team_case *one)
{
	const struct config *config = team->ctl->config;

	buf_text(out, HEAD);
	buf_text(out,
	    "<h1>Phiếu chuyển tin đến Tổng đài 111</h1>\n"
	    "<p class=\"en\" lang=\"en\">Hand-off sheet for the child-protection hotline "
	    "111</p>\n<p>");
	put_text(out,
	    config == NULL || config->school.name.text[0] == 0
	        ? "Trường: ……………………………………………………"
	        : config->school.name.text);
	buf_text(out,
	    "</p>\n<p class=\"urgent\">Em đang gặp nguy hiểm ngay lúc này: gọi 113 hoặc 115 "
	    "trước, rồi gọi 111.<br><span class=\"en\" lang=\"en\">In danger right now: call 113 "
	    "or 115 first, then 111.</span></p>\n");
	put_heading(out, (struct pair){"1. Nói gì khi gọi", "What to say"});
	put_list(out, "ol", SAY);
	put_heading(out, (struct pair){"2. Điều đã biết", "What is known"});
	put_known(out, team, one);
	put_heading(out, (struct pair){"3. Điều cần điền", "To fill in"});
	put_blanks(out, BLANKS_CHILD);
	put_heading(out, (struct pair){"4. Cuộc gọi", "The call"});
	put_blanks(out, BLANKS_CALL);
	put_heading(out, (struct pair){"5. Giữ an toàn cho em", "Keep the child safe"});
	put_list(out, "ul", TAKE_CARE);
	buf_text(out, "</body>\n</html>\n");
}
