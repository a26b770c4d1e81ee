"""What is an identifier and what is a name."""

from __future__ import annotations

import base64
import random
import string
import uuid

import polars as pl
import pytest

from mockforge_analytics.rollup.segments import template_segments

TEXTS = {
    ":id": "0 42 -1 +7 2007 007 123456789012345678901234567890 1,2,3 4;5 %34%32",
    ":number": "51.5074 52.5200,13.4050 -33.865,151.2094 3.14159",
    ":uuid": """
        550e8400-e29b-41d4-a716-446655440000 550E8400-E29B-41D4-A716-446655440000
        {550e8400-e29b-41d4-a716-446655440000} %7B550e8400-e29b-41d4-a716-446655440000%7d
        urn:uuid:550e8400-e29b-41d4-a716-446655440000 urn%3Auuid%3A550e8400-e29b-41d4-a716-446655440000
        550e8400%2De29b%2da716%2D41d4%2D446655440000
    """,
    ":ulid": "01ARZ3NDEKTSV4RRFFQ69G5FAV 01arz3ndektsv4rrffq69g5fav 7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
    ":hex": """
        deadbeef01 DEADBEEF01 507f1f77bcf86cd799439011 d41d8cd98f00b204e9800998ecf8427e 0x1f 0xDEADBEEF
        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
        sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 sha256%3Ae3b0c44298fc1c14
    """,
    ":date": """
        2024-02-29 2024-12 20240229 2024_02_29 2024.02.29 29-02-2024 29.02.2024 2024-W09 2024W091 1999-12-31
        2024-02-29T12:00:00Z 2024-02-29T12:00:00.123+01:00 20240229T120000Z 2024-02-29T12%3A00%3A00Z 20091227
    """,
    ":email": """
        jane.doe@example.com jane%40example.com jane%2Bmock%40mail.example.org a@b.co o'neil@example.ie
    """,
    ":ip": "192.0.2.1 2001:db8::1 2001%3Adb8%3A%3A1 ::1 [2001:db8::1]",
    ":mac": "00:1b:44:11:3a:b7 00-1B-44-11-3A-B7",
    ":token": """
        eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U
        dGhpcyBpcyBhIHRlc3Qgb2YgYmFzZTY0MTIzNA== dGhpcyBpcyBhIHRlc3Qgb2YgYmFzZTY0MTIzNA%3D%3D
        xjAJXh38I15wypJXxuGMBp0EAVxt0G0biEntp43Qt6E cJZKeOuBrn4kERxqtaUH3aCWcynf_cDxXwCLxiixG1c
        cus_NffrFeUfNV2Hib pi_3MtwBwLkdIwHu7ix28a3tqPa cjld2cjxh0000qzrmn831i7rd
        sk_test_4eC39HqLyjWDarjtT1zdp7dc V1StGXR8_Z5jdHi6B-myT 0ujtsYcgvSTl8PAuAdqWYSMnLOv dQw4w9WgXcQ
    """,
    ":uuid.png": "550e8400-e29b-41d4-a716-446655440000.png",
    ":hex.css": "d41d8cd98f00b204e9800998ecf8427e.css",
    ":token.ttf": "k3k702ZOKiLJc3WVjuplzInF5uFdDttMLvmWuJdhhgs.ttf",
    ":id.pdf": "1234567.pdf",
    ":date.tar.gz": "2024-02-29.tar.gz 20240229.tar.gz",
}
TEMPLATES = {to: text.split() for to, text in TEXTS.items()}
TEMPLATES[":token"] += ["x" * 129, "%D0%B0" * 43]

WORDS = """
    users api v1 v2.1 v10 1.0 1.2.3 2.0-beta-1 oauth2 oauth2callback web3 h264 mp3 ipv6 x509 utf-8 product_1
    product_2 item-7 256x240 1x100 2fa 3d s3 ec2 k8s i18n jordan-80.png style2.css jquery-1.4.2.min.js
    jquery.doubletap-0.1.js 404.html 50x.html 1.png 9999.jpg logo@2x.png logo%402x.png @types @angular
    react@18.2.0 user@localhost .env .well-known logstash-monitorama-2013 logstash-puppetconf-2012
    logstash-metrics-sf-2012.10 logstash-1.3.2-monolithic.jar ui-bg_highlight-soft_25_327E04_1x100.png
    1983_delorean_dmc-12-pic-38289.jpeg xdotool-2.20101014.3063.tar.gz kibana-chef-hits-6min-each.png
    TransportMasterNodeOperationAction TF2-Pyro-Burn-Everything.jpg defcon15
    patch-CURRENT-Apr.13.06.newmoused+newpsm Kyocera-KPC650-EVDO-in-FreeBSD.html flashback2010 sysadvent2010
    job_description_is_clearly_not_an_oracle_dba.html year%20review geekery%E2%80%A6 logstash-%25 %094 2! deadbeef
    feedface facade added abc123 1a2b3c4 favicon.ico helloworld.Greeter SayHello iPhone12ProMaxCase getUserByIdV2
    OAuth2ClientCredentials IPv4ToIPv6Gateway X509CertV3Parser EC2DescribeInstancesV2 jquery18mobile14custom
    H264ToMP4Converter top10-v2-to-v2-v2 ISO8601DateFormat
    a-rather-long-title-of-a-blog-post-with-10-tips-for-2024 2000-to-2009.html day-1-sed.html 2024-13
    2024-02-30-what-a-day 99-99-2024 1234-56-78 me null 550e8400-e29b-41d4-a716 %20barcamp %zz % %4
"""
NAMES = [*WORDS.split(), "", "x" * 128]


def template(segment: str) -> str:
    return str(template_segments(pl.Series([segment]))[0])


@pytest.mark.parametrize(
    ("expected", "segment"), [(to, segment) for to, those in TEMPLATES.items() for segment in those]
)
def test_identifiers_become_placeholders(expected: str, segment: str) -> None:
    assert template(segment) == expected


@pytest.mark.parametrize("segment", NAMES)
def test_names_stay(segment: str) -> None:
    assert template(segment) == segment


def test_many_segments_at_once_are_judged_one_by_one() -> None:
    known = {segment: to for to, segments in TEMPLATES.items() for segment in segments} | {name: name for name in NAMES}
    assert template_segments(pl.Series(list(known))).to_list() == list(known.values())


def test_the_segments_handed_in_are_not_changed() -> None:
    segments = pl.Series(["42", "users"])
    template_segments(segments)
    assert segments.to_list() == ["42", "users"]


BASE_62 = string.ascii_letters + string.digits
ALPHABETS = {
    "base 62, 22": (BASE_62, 22, 0.88),
    "base 62, 16": (BASE_62, 16, 0.55),
    "base 62, 11": (BASE_62, 11, 0.60),
    "base64url, 43": (BASE_62 + "-_", 43, 0.98),
    "base 36, 25": (string.ascii_lowercase + string.digits, 25, 0.95),
    "base 32, 32": (string.ascii_uppercase + "234567", 32, 0.91),
}


@pytest.mark.parametrize("name", ALPHABETS)
def test_most_random_tokens_are_recognised(name: str) -> None:
    alphabet, length, share = ALPHABETS[name]
    rng = random.Random(name)
    tokens = {"".join(rng.choices(alphabet, k=length)) for _ in range(5_000)}
    templates = template_segments(pl.Series(sorted(tokens)))
    assert templates.str.starts_with(":").sum() > share * len(tokens)


def test_all_random_uuids_and_digests_are_recognised() -> None:
    rng = random.Random(8)
    uuids = [str(uuid.UUID(int=rng.getrandbits(128))) for _ in range(5_000)]
    assert set(template_segments(pl.Series(uuids))) == {":uuid"}
    digests = [f"{rng.getrandbits(160):040x}" for _ in range(5_000)]
    assert set(template_segments(pl.Series(digests))) == {":hex"}
    signatures = [base64.urlsafe_b64encode(rng.randbytes(32)).decode() for _ in range(5_000)]
    assert set(template_segments(pl.Series(signatures)).to_list()) - set(signatures) == {":token"}


def test_words_joined_in_any_usual_way_stay() -> None:
    rng = random.Random(9)
    words = [
        "order",
        "Report",
        "user",
        "latest",
        "Kubernetes",
        "guide",
        "v2",
        "top10",
        "2024",
        "how",
        "to",
        "API",
        "3d",
    ]
    joined = {sep.join(rng.choices(words, k=k)) for sep in "-_" for k in range(2, 9) for _ in range(200)}
    joined |= {".".join(rng.choices([word for word in words if word != "2024"], k=k)) for k in range(2, 9)}
    slugs = sorted(text for text in joined if text.replace("2024", "").strip("-_"))
    assert template_segments(pl.Series(slugs)).to_list() == slugs
