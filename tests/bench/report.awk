# SPDX-License-Identifier: MIT
# report.awk - figures of benches, ratios first; form=text|markdown|json|svg; exit code 1 where a target is missed
#
# Lines have tabs between words: bench, kind, then what the functions of measure.sh were given.

BEGIN {
	FS = "\t"
	missed = 0
}

function add_case(key) {
	if (!(key in seen_case)) {
		seen_case[key] = 1
		cases[++case_count] = key
		case_bench[key] = $1
		case_name[key] = $3
	}
}

{ key = $1 SUBSEP $3 }

!($1 in seen_bench) { seen_bench[$1] = 1; benches[++bench_count] = $1 }

$2 == "result" {
	add_case(key)
	if (!((key, $4) in value))
		who[key, ++whos[key]] = $4
	value[key, $4] = $5; unit[key] = $6; runs[key, $4] = $7; spread[key, $4] = $8
}
$2 == "point" {
	if (!(key in seen_series)) {
		seen_series[key] = 1
		series[++series_count] = key
		case_bench[key] = $1
		case_name[key] = $3
	}
	if (!((key, $4) in points))
		who[key, ++whos[key]] = $4
	points[key, $4]++
	size[key, $4, points[key, $4]] = $5
	point[key, $4, points[key, $4]] = $6
	unit[key] = $7
}
$2 == "target" { target[key, $4] = $5 }
$2 == "limit" { limit[key] = $4 }
$2 == "slope" { slope_limit[key] = $4 }
$2 == "skip" { skips[++skip_count] = $1 ": " $3 ": " $4 }
$2 == "broken" { skips[++skip_count] = $1 ": BROKEN: " $3 }
$2 == "peer" && !(($3, $4) in seen_peer) { seen_peer[$3, $4] = 1; peers = peers (peers == "" ? "" : ", ") $3 " " $4 }

# Three significant digits.
function digits(x) {
	if (x == 0) return "0"
	if (x >= 100 || x <= -100) return sprintf("%.0f", x)
	return x >= 10 ? sprintf("%.1f", x) : x >= 0.1 ? sprintf("%.2f", x) : sprintf("%.3f", x)
}
function grouped(x,  text) {
	text = sprintf("%.0f", x)
	while (text ~ /^[0-9]{4}/ || match(text, /^[0-9][0-9][0-9][0-9]+/)) {
		match(text, /^[0-9]+/)
		text = substr(text, 1, RLENGTH - 3) "," substr(text, RLENGTH - 2)
	}
	return text
}
function said(x, u) {
	if (u == "ns") {
		if (x >= 1e9) return digits(x / 1e9) " s"
		if (x >= 1e6) return digits(x / 1e6) " ms"
		if (x >= 1e3) return digits(x / 1e3) " us"
		return digits(x) " ns"
	}
	if (u == "bytes") {
		if (x >= 1e6) return digits(x / 1e6) " MB"
		return grouped(x) " B"
	}
	return digits(x) " " u
}

function verdict(good) {
	if (!good) missed++
	return good ? "met" : "MISSED"
}

# The exponent of a series: a straight line through the logarithms.
function exponent(key, w,  i, n, x, y, sx, sy, sxx, sxy) {
	n = 0; sx = sy = sxx = sxy = 0
	for (i = 1; i <= points[key, w]; i++) {
		if (size[key, w, i] <= 0 || point[key, w, i] <= 0) continue
		x = log(size[key, w, i]); y = log(point[key, w, i])
		n++; sx += x; sy += y; sxx += x * x; sxy += x * y
	}
	return n < 2 || n * sxx == sx * sx ? "" : (n * sxy - sx * sy) / (n * sxx - sx * sx)
}
# What one more costs, between the smallest and the largest.
function marginal(key, w,  n) {
	n = points[key, w]
	if (n < 2 || size[key, w, n] == size[key, w, 1]) return 0
	return (point[key, w, n] - point[key, w, 1]) / (size[key, w, n] - size[key, w, 1])
}

# Rows of the table: ratio, bench, case, ours, peer, theirs, spread, target.
function make_rows(  i, j, key, w, ours) {
	for (i = 1; i <= case_count; i++) {
		key = cases[i]
		ours = (key, "initbox") in value
		for (j = 1; j <= whos[key]; j++) {
			w = who[key, j]
			if (w == "initbox" && (whos[key] > 1 && !(key in limit))) continue
			row_key[++rows] = key
			row_who[rows] = w
			row_ratio[rows] = ours && w != "initbox" && value[key, w] > 0 ? value[key, "initbox"] / value[key, w] : ""
			row_spread[rows] = sprintf("%.0f %%", spread[key, w] + 0)
			if (ours && spread[key, "initbox"] > spread[key, w]) row_spread[rows] = sprintf("%.0f %%", spread[key, "initbox"])
			row_target[rows] = ""
			if ((key, w) in target && row_ratio[rows] != "")
				row_target[rows] = "<= " target[key, w] ": " verdict(row_ratio[rows] <= target[key, w] + 0)
			if (w == "initbox" && key in limit)
				row_target[rows] = "<= " said(limit[key], unit[key]) ": " verdict(value[key, w] <= limit[key] + 0)
		}
	}
	for (i = 1; i <= series_count; i++)
		if (series[i] in slope_limit)
			slope_verdict[series[i]] = "<= " slope_limit[series[i]] ": " \
				verdict(exponent(series[i], "initbox") <= slope_limit[series[i]] + 0)
	# A promise about something that was not measured is not kept.
	for (pair in target) {
		split(pair, part, SUBSEP)
		if (!((part[1], part[2], part[3]) in value) || !((part[1], part[2], "initbox") in value)) {
			missed++
			skips[++skip_count] = part[1] ": no figures for the target " part[2] " against " part[3]
		}
	}
}

function ratio_text(i) { return row_ratio[i] == "" ? "" : digits(row_ratio[i]) }
function ours_text(i) { return (row_key[i], "initbox") in value ? said(value[row_key[i], "initbox"], unit[row_key[i]]) : "" }
function theirs_text(i) { return row_who[i] == "initbox" ? "" : said(value[row_key[i], row_who[i]], unit[row_key[i]]) }
function peer_text(i) { return row_who[i] == "initbox" ? "" : row_who[i] }

function series_line(key, w,  i, line, e) {
	line = ""
	for (i = 1; i <= points[key, w]; i++)
		line = line (i > 1 ? ", " : "") grouped(size[key, w, i]) ": " said(point[key, w, i], unit[key])
	return line
}
function series_verdict(key, w) {
	return w == "initbox" ? slope_verdict[key] : ""
}

function plain(  i, j, b, key, w, e) {
	for (b = 1; b <= bench_count; b++) {
		printf "\n%s\n", benches[b]
		for (i = 1; i <= rows; i++) {
			if (case_bench[row_key[i]] != benches[b]) continue
			printf "  %6s  %-44s %10s  %-22s %10s  %5s  %s\n", ratio_text(i), case_name[row_key[i]], ours_text(i),
				peer_text(i), theirs_text(i), row_spread[i], row_target[i]
		}
		for (i = 1; i <= series_count; i++) {
			key = series[i]
			if (case_bench[key] != benches[b]) continue
			printf "  %s\n", case_name[key]
			for (j = 1; j <= whos[key]; j++) {
				w = who[key, j]
				e = exponent(key, w)
				printf "    %-16s %s; slope %s, one more %s %s\n", w, series_line(key, w), e == "" ? "?" : digits(e),
					said(marginal(key, w), unit[key]), series_verdict(key, w)
			}
		}
	}
	if (skip_count) print "\nskipped or missing"
	for (i = 1; i <= skip_count; i++) print "  " skips[i]
	if (peers != "") print "\npeers: " peers
	print missed ? "\n" missed " targets missed" : "\nno target missed"
}

function markdown(  i, j, key, w, e) {
	printf "`%s` on %s (%s).\nRatios are initbox / peer: less is better. Spread: half of the middle half's width, the larger one.\n\n", command, date, machine
	if (rows) {
		print "| ratio | bench | case | initbox | against | its figure | spread | target |"
		print "| ---: | --- | --- | ---: | --- | ---: | ---: | --- |"
	}
	for (i = 1; i <= rows; i++)
		printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n", ratio_text(i), case_bench[row_key[i]], case_name[row_key[i]],
			ours_text(i), peer_text(i), theirs_text(i), row_spread[i], row_target[i]
	if (series_count) {
		print "\n| growth | who | size: figure | slope | one more costs | target |"
		print "| --- | --- | --- | ---: | ---: | --- |"
	}
	for (i = 1; i <= series_count; i++) {
		key = series[i]
		for (j = 1; j <= whos[key]; j++) {
			w = who[key, j]
			e = exponent(key, w)
			printf "| %s: %s | %s | %s | %s | %s | %s |\n", case_bench[key], case_name[key], w, series_line(key, w),
				e == "" ? "" : digits(e), said(marginal(key, w), unit[key]), series_verdict(key, w)
		}
	}
	if (skip_count) print "\nSkipped or missing:\n"
	for (i = 1; i <= skip_count; i++) print "- " skips[i]
	if (peers != "") print "\nPeers (Debian): " peers "."
}

function quoted(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	gsub(/[\001-\037]/, " ", text)
	return "\"" text "\""
}

function json(  i, j, k, key, w, comma) {
	printf "{\"command\": %s, \"date\": %s, \"machine\": %s,\n \"results\": [", quoted(command), quoted(date), quoted(machine)
	comma = ""
	for (i = 1; i <= case_count; i++) {
		key = cases[i]
		for (j = 1; j <= whos[key]; j++) {
			w = who[key, j]
			printf "%s\n  {\"bench\": %s, \"case\": %s, \"who\": %s, \"value\": %s, \"unit\": %s, \"n\": %d, \"spread\": %s", comma,
				quoted(case_bench[key]), quoted(case_name[key]), quoted(w), value[key, w] + 0, quoted(unit[key]),
				runs[key, w], spread[key, w] + 0
			if (w != "initbox" && (key, "initbox") in value && value[key, w] > 0)
				printf ", \"ratio\": %.4f", value[key, "initbox"] / value[key, w]
			if ((key, w) in target) printf ", \"target\": %s", target[key, w] + 0
			if (w == "initbox" && key in limit) printf ", \"limit\": %s", limit[key] + 0
			printf "}"
			comma = ","
		}
	}
	printf "],\n \"growth\": ["
	comma = ""
	for (i = 1; i <= series_count; i++) {
		key = series[i]
		for (j = 1; j <= whos[key]; j++) {
			w = who[key, j]
			printf "%s\n  {\"bench\": %s, \"case\": %s, \"who\": %s, \"unit\": %s, \"slope\": %s, \"points\": [", comma,
				quoted(case_bench[key]), quoted(case_name[key]), quoted(w), quoted(unit[key]),
				exponent(key, w) == "" ? "null" : sprintf("%.3f", exponent(key, w))
			for (k = 1; k <= points[key, w]; k++)
				printf "%s[%s, %s]", (k > 1 ? ", " : ""), size[key, w, k] + 0, point[key, w, k] + 0
			printf "]}"
			comma = ","
		}
	}
	printf "],\n \"skipped\": ["
	for (i = 1; i <= skip_count; i++) printf "%s\n  %s", (i > 1 ? "," : ""), quoted(skips[i])
	printf "],\n \"missed\": %d}\n", missed
}

function escaped(text) {
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	return text
}
function label(x, y, anchor, class, content) {
	printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">%s</text>\n", x, y, anchor, class, escaped(content)
}

# Ratios as bars on a logarithmic scale from 1/256 to 4; then each growth series in a frame of its own.
function bar_x(ratio) {
	if (ratio < 1 / 256) ratio = 1 / 256
	if (ratio > 4) ratio = 4
	return 470 + (log(ratio) / log(2) + 8) * 34
}
function svg(  i, y, height, bars, frames, part) {
	for (i = 1; i <= rows; i++) if (row_ratio[i] != "") bars++
	height = 70 + bars * 20 + series_count * 270 + 20
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"980\" height=\"%d\" viewBox=\"0 0 980 %d\">\n", height, height
	print "<style>text{font:12px sans-serif;fill:#222}.h{font:bold 14px sans-serif}.s{font-size:11px;fill:#666}"
	print ".m{fill:#b3261e;font-weight:bold}rect.b{fill:#3b7dd8}rect.w{fill:#d8823b}line{stroke:#ccc}line.one{stroke:#222}"
	print "line.t{stroke:#2a9d4a;stroke-width:2}polyline{fill:none;stroke-width:2}</style>"
	printf "<rect width=\"980\" height=\"%d\" fill=\"#fff\"/>\n", height
	label(10, 20, "start", "h", "initbox / peer: left of the line is faster or smaller")
	label(10, 38, "start", "s", command ", " date ", " machine)
	y = 60
	for (i = -8; i <= 2; i += 2) {
		printf "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"54\" y2=\"%d\"%s/>\n", bar_x(2 ^ i), bar_x(2 ^ i), 60 + bars * 20, (i == 0 ? " class=\"one\"" : "")
		label(bar_x(2 ^ i), 52, "middle", "s", (i < 0 ? "1/" (2 ^ -i) : (2 ^ i) ""))
	}
	for (i = 1; i <= rows; i++) {
		if (row_ratio[i] == "") continue
		label(455, y + 13, "end", "", substr(case_bench[row_key[i]] ": " case_name[row_key[i]] ", " row_who[i], 1, 76))
		part = bar_x(row_ratio[i])
		printf "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"14\"/>\n", (row_ratio[i] > 1 ? "w" : "b"),
			(part < bar_x(1) ? part : bar_x(1)), y + 3, (part < bar_x(1) ? bar_x(1) - part : part - bar_x(1))
		if ((row_key[i], row_who[i]) in target) {
			part = bar_x(target[row_key[i], row_who[i]])
			printf "<line class=\"t\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n", part, part, y + 1, y + 19
		}
		label(845, y + 13, "start", (row_target[i] ~ /MISSED/ ? "m" : ""), ratio_text(i) (row_target[i] == "" ? "" : " (" row_target[i] ")"))
		y += 20
	}
	for (i = 1; i <= series_count; i++) {
		chart(series[i], y + 20)
		y += 270
	}
	print "</svg>"
}

function chart(key, top,  i, j, w, x0, x1, y0, y1, left, right, bottom, color, colors, line, px, py) {
	split("#3b7dd8 #d8823b #2a9d4a #8e4ec6 #b3261e #777777", colors, " ")
	left = 90; right = 700; bottom = top + 200
	x0 = y0 = 1e300; x1 = y1 = -1e300
	for (j = 1; j <= whos[key]; j++) {
		w = who[key, j]
		for (i = 1; i <= points[key, w]; i++) {
			if (size[key, w, i] <= 0 || point[key, w, i] <= 0) continue
			px = log(size[key, w, i]); py = log(point[key, w, i])
			if (px < x0) x0 = px
			if (px > x1) x1 = px
			if (py < y0) y0 = py
			if (py > y1) y1 = py
		}
	}
	if (x1 <= x0) x1 = x0 + 1
	if (y1 <= y0) y1 = y0 + 1
	label(10, top + 2, "start", "h", case_bench[key] ": " case_name[key])
	printf "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>\n", left, right, bottom + 10, bottom + 10
	printf "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>\n", left, left, top + 15, bottom + 10
	label(left - 6, bottom + 4, "end", "s", said(exp(y0), unit[key]))
	label(left - 6, top + 30, "end", "s", said(exp(y1), unit[key]))
	for (j = 1; j <= whos[key]; j++) {
		w = who[key, j]
		color = colors[(j - 1) % 6 + 1]
		line = ""
		for (i = 1; i <= points[key, w]; i++) {
			if (size[key, w, i] <= 0 || point[key, w, i] <= 0) continue
			px = left + 10 + (log(size[key, w, i]) - x0) / (x1 - x0) * (right - left - 20)
			py = bottom - (log(point[key, w, i]) - y0) / (y1 - y0) * (bottom - top - 25)
			line = line sprintf("%.1f,%.1f ", px, py)
			printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", px, py, color
			if (j == 1) label(px, bottom + 26, "middle", "s", grouped(size[key, w, i]))
		}
		printf "<polyline points=\"%s\" style=\"stroke:%s\"/>\n", line, color
		printf "<rect x=\"720\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/>\n", top + 15 + (j - 1) * 20, color
		label(738, top + 25 + (j - 1) * 20, "start", "", (w ": slope ") (exponent(key, w) == "" ? "?" : digits(exponent(key, w))))
	}
}

END {
	make_rows()
	if (form == "markdown") markdown()
	else if (form == "json") json()
	else if (form == "svg") svg()
	else plain()
	exit missed > 0
}
