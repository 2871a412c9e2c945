#!/usr/bin/env python3
"""The expression language itself: null, three values, case, time, precedence. Needs nothing but this folder."""
import base64
import unittest

import catalogue
from expression import SyntaxFault, parse
from interpreter import NoSuch, build
from values import UNKNOWN, AtLeast, Partial, TypeFault

NOW = "2026-06-15T12:00:00Z"
ID = "0F1C5000-0000-4000-8000-00000000000A"


def value(text, endpoints=None, params=None, **variables):
    evidence = catalogue.Evidence({"now": NOW, "endpoints": endpoints or {}})
    return build(parse(text), catalogue.FUNCTIONS)({"@": evidence, "$": params or {}, **variables})


class Language(unittest.TestCase):
    def holds(self, *texts, **variables):
        for text in texts:
            self.assertIs(value(text, **variables), True, text)

    def fails(self, *texts, **variables):
        for text in texts:
            self.assertIs(value(text, **variables), False, text)

    def unknown(self, *texts, **variables):
        for text in texts:
            self.assertIs(value(text, **variables), UNKNOWN, text)

    def test_null_is_total_in_equality_and_false_in_order(self):
        self.holds("r.a == null", "null != 1", "!(null == 1)", "!null", "null in [1, null]", "r.a.all(x, false)", "r.a.size() == 0",
                   "r.a.b.c == null", "!(r.a < 1)", "!(r.a >= 1)", "r.a.contains('x') == null", "has(r.b)", r={"b": False})
        self.fails("r.a == 0", "r.a == false", "r.a in null", "r.a.exists(x, true)", "has(r.a)", "r.a && true", r={})
        self.assertIsNone(value("1 + r.a * 2", r={}))
        self.assertEqual(value("[1] + r.a + r.b", r={"b": [2]}), [1, 2])

    def test_what_is_no_boolean_is_a_fault_in_boolean_position(self):
        for text in ("'True' && true", "!1", "[] || false", "1 ? 2 : 3"):
            with self.assertRaises(TypeFault, msg=text):
                value(text)

    def test_a_string_is_no_boolean_and_a_boolean_no_number(self):
        self.fails("'True' == true", "1 == true", "0 == false", "'1' == 1")
        self.holds("1 == 1.0", "[1, 'a'] == [1.0, 'a']", "[1] != [1, 1]")

    def test_precedence(self):
        self.holds("true || false && false", "1 + 2 * 3 == 7", "r.a ?? 0 + 1 == 1", "(r.a ?? 0) + 1 == 1", "true ? true : 1 == 2",
                   "let n = 2; n > 1 && n < 3", "!false && true", "-1 < 0", "'a' in ['a'] ? true : false", r={})
        self.assertEqual(value(r"'a\\.b'"), r"a\.b")

    def test_comparisons_do_not_chain_and_rubbish_is_refused(self):
        for text in ("1 < 2 < 3", "1 +", "a b", "exists(", "'open", "x.all(1, 2)"):
            with self.assertRaises((SyntaxFault, NoSuch, KeyError), msg=text):
                value(text, a=1, x=[])
        with self.assertRaises(NoSuch):
            value("neverHeardOf(1)")

    def test_guids_and_resource_ids_fold_and_nothing_else(self):
        self.holds("r.id == $p", "$p in [r.id]", "[r.id].subsetOf([$p])", "[$p].intersects([r.id])", r={"id": ID}, params={"p": ID.lower()})
        self.holds("'/subscriptions/A/x' == '/SUBSCRIPTIONS/a/X'", "'/providers/B' == '/Providers/b'", "'Standard' != 'standard'",
                   "'x/subscriptions/A' != 'x/subscriptions/a'")
        self.holds("has(join(r.l, 'id', $p))", r={"l": [{"id": ID}]}, params={"p": ID.lower()})

    def test_missing_items_prove_some_things_and_not_others(self):
        some = Partial([1, 2])
        self.holds("l.exists(x, x == 1)", "1 in l", "l.size() >= 2", "l.size() > 1", "[1].subsetOf(l)", "l.intersects([2])", l=some)
        self.fails("l.all(x, x == 1)", "l.size() == 1", "l.size() <= 1", "l.subsetOf([1])", "!l.exists(x, x == 1)", l=some)
        self.unknown("l.exists(x, x == 9)", "l.all(x, x > 0)", "9 in l", "l.size() == 2", "l.size() <= 5", "[9].subsetOf(l)",
                     "l.filter(x, x > 1).size() == 1", "l.map(x, x + 1).all(x, x > 0)", "(l + [3]).all(x, x > 0)", "l == [1, 2]",
                     "has(first(l.filter(x, x > 9)))", l=some)
        self.assertIsInstance(value("l.size() + 1", l=some), AtLeast)

    def test_unknown_goes_through_connectives_as_kleene_has_it(self):
        some = Partial([])
        self.holds("true || l.exists(x, true)", "l.exists(x, true) || true", "!(false && l.exists(x, true))", l=some)
        self.fails("false && l.exists(x, true)", "l.exists(x, true) && false", l=some)
        self.unknown("!l.exists(x, true)", "true && l.exists(x, true)", "false || l.exists(x, true)", "l.exists(x, true) ? true : false", l=some)
        self.holds("l.exists(x, true) ? true : true", l=some)

    def test_a_join_without_a_hit_in_incomplete_data_is_unknown(self):
        self.unknown("join(l, 'id', 'x').a == 1", "has(join(l, 'id', 'x'))", "join(l, 'id', 'x').a != 1",
                     "(join(l, 'id', 'x') ?? 1) == 1", l=Partial([{"id": "y"}]))
        self.fails("has(join(l, 'id', 'x'))", "has(join(l, 'id', null))", l=[{"id": "y"}, {"id": None}])

    def test_time_is_that_of_the_evidence(self):
        self.holds("daysSince('2026-06-14T12:00:00Z') == 1", "daysUntil('2026-06-15T18:00:00Z') == 0.25", "daysSince('2026-06-15') == 0.5",
                   "daysSince('2026-06-15T14:00:00+02:00') == 0", "daysSince('2026-06-15T12:00:00') == 0", "daysSince('soon') == null",
                   "daysSince('20260614T120000Z') == null", "!(daysSince(r.a) <= 5)", "maxDate(r.a, '2026-01-01') == '2026-01-01'",
                   "maxDate('2026-01-02', '2026-01-01T00:00:00Z') == '2026-01-02'", "daysBetween('2026-01-01', '2026-01-03') == 2",
                   "maxDate(r.a, r.b) == null", "date('x') == null", "daysSince('2026-06-15T11:59:59.9999999Z') > 0", r={})

    def test_durations(self):
        self.holds("isoDurationDays('P1Y1M1D') == 396", "isoDurationHours('PT90M') == 1.5", "isoDurationDays('P') == null",
                   "isoDurationHours('P1DT1H') == 25", "timespanMinutes('1.02:03:00') == 1563", "timespanMinutes('03:00') == 180",
                   "timespanMinutes('3 hours') == null", "isoDurationDays(r.a) == null", r={})

    def test_numbers_in_text_networks_and_versions(self):
        self.holds("int('60') == 60", "int('x') == null", "versionAtLeast('10.0', '10')", "!versionAtLeast('9.10', '10.0')",
                   "versionAtLeast('10.0.22631.1', '10.0.22631')", "versionAtLeast('x', '1') == null", "ipPrefixLength('1.2.3.4/16') == 16",
                   "isIpv6('::/0')", "ratio(19, 20) >= 0.95", "ratio(1, 0) == null", "lower('AbC') == 'abc'")

    def test_certificates(self):
        text = base64.b64encode(_certificate()).decode()
        self.assertEqual(value("x509NotAfter(r)", r=text), "2031-02-03T04:05:06Z")
        self.assertIsNone(value("x509NotAfter('bm90IG9uZQ==')"))


def _der(tag, *parts):
    data = b"".join(parts)
    return bytes([tag, len(data)]) + data


def _certificate():
    """The head of a certificate, as far as its dates."""
    dates = _der(0x30, _der(0x17, b"260101000000Z"), _der(0x17, b"310203040506Z"))
    return _der(0x30, _der(0x30, _der(0xA0, b"\x02\x01\x02"), _der(2, b"\x01"), _der(0x30), _der(0x30), dates))


if __name__ == "__main__":
    unittest.main()
