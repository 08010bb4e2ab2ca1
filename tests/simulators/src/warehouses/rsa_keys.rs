//! RSA keys that sign for nobody: made for the simulated ShipStation and known to everybody who reads this.

/// PKCS#8 in base64. What the vendor signs with.
pub const VENDOR: &str = "\
    MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCNAcxAFkBEidZGy5hXRAiuulUlZlOssyPbQyVawrd4GoVSe+tZ\
    HIbH0qSVeupGjfufdPUtjg5gSSm721kmHcfrXMiWZiEq/wuy8x44Xidatj0dTgT1/rcQQfmeKTCw/S4ZKALQJ37rgA16FacVef6J\
    D10dFLW3vv305bE5b63GH5GNxV8zghcg4MKx4q3X7ksOPEAFchwOhc36zAieeGhT143iPyW+xBBmZEWV6NEIQANs8Wha25OvSw/E\
    9bCSeK8pdYrNgMGczdEbxne4XWmbfSb2BnOP94BmgHd92uLhzqtmziM8l6MT4PtnRLxffr/3ZlFGBrpIHYAyBUKVCWZpAgMBAAEC\
    gf9F7usiVTwkOWuusPXDp2lRpbH7a5oDN8SIR0UDxxdIcVZHvRzRlVzc4BvAj8ahaqeLuvYAmWtDmha62ReZlCubdfoF8vZvMf4K\
    U6ux0as7jeJsSHA+f9oX6Utj2PjeRkzBT2ONP4Ddw0bJtNFT7xOsTMe24FLZX9e2UUYDPwJfap1U9pzGOrJ+4ok/pr0G+Go/ov8W\
    Dn/C6RqU+fGET2uqI+Fe2vvXH8ammrTRybl9lXAivz3DbvigELxotTnR4y6eZ1IP9t55dZYXZBuXb+ey/e3NyOLn9TZZDhsguKwQ\
    OIWszYebA5A9cAOWNPCmwrLE+kwchfW4Ml1Nd76WAQECgYEAwFIgAtPDoyxjoA290H3oYq6dfrJKbHUTNX6PyVkxshlb+GyWtwAe\
    Mp8bmahMu/4/To3Kh2Kn/DBHQEUzRUe/RUjsu38gvqH3tr/idS8tvMHLvfsmo0dgZIua1n8rR5GiCrETpuTsBjniD633XoZ4Jf7v\
    XvhprS3Frej4hTqt86kCgYEAu7Ic+KBzGfqS2NhS3KfVbo1aPtNZuCp3PGx7K8su6VuyM5TWkCgEIMT4pQZaqn0MV+HNmqXJZgvP\
    zTLImWibB/DT8AnaIn1vFUiDTCpDcQczIms4e3vqi63/7v31b+1BsYVJkI45N8tozQcFd0UY2Ww/TAyl2KkdpoiQk5MvlMECgYA3\
    if/wkRMYVkNW/2DnitTHWsHkyrwvYgfwFOKVNQri8evbbBCCPKh72fLwhufSCnRhzRTF0DnO3GpXJyTNRxD3gz3KT8Y3BzMwNW3C\
    haNhtV2POa5IzN4Laz2F4CexfV8cU1LniYiXq7Oa75RWWeLsphiehoKOHn/N30+VugJuMQKBgQClHcI4wkWfY/yNAHicnpS2xWjP\
    ffQefFUadcBBPWQOa9kvYU8D0AAZp82otxdJheo24XCTDCdJOzjaJkOsGQbRDH4VW0VnM/tluL2wYjmkFBZawAIXN2KU8EQGxaiF\
    hy1UcpHNtiAFwk52lyeqzcFXe8+PIk0/dT6dQuQUvtWLwQKBgQCNmCdnsE//4BRFHQGSRLg/ZkZ4vF/uVR+1koopRDFgnK5r9xtc\
    wLJMN+M68Hr5yGKYRgg8wyhOhWzW/DmDwC1DIO5OcmXWCJmzJKY5S5paX6ozXsZdHvaJ6GZyqUK+0cRv9/lc6mcBdfvcealqj1eL\
    UCPzrUFFurci1o+6bZJZrw==";

/// What somebody else signs with.
pub const STRANGER: &str = "\
    MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkwggSlAgEAAoIBAQDiFrDpteraBl1f/JxFZawrKLSMHuqICH5euvakyyQyDfibFhfu\
    PJQad1R0Aq288D3Hy0LcbR0Z/pF6y6xXHHOdUZR+bON+GaL9zQ5THaDflFJpz5bQorUOfhWz6YItlakcetyhYavRY+5p5ZRMf/pA\
    ljlS2P1BI//K1vDSvqdjTZ4Y6s4zWl/qC8XqhDC0YILFl4wpi65hquW44Bgg/h0d0mFhEAXF2jbYFxX2nm6c+GUs2YrCOeNhWi2A\
    6DIc0ZXf3pjzC2zCTCrXAyiZ6HbUnOe9KC2oYk80uMOFrAQ7kyqgfJwUE3NlDhbx8J+uwVtmMoifz9/e5ZhXCASkpuPbAgMBAAEC\
    ggEABS3lOkq4k+thaDmD5Z3BUUZ1cbWjmcotWu4y3ZjpvgZ5PimbaBHAiCVZAe9YcOOasWED/xi2JJ+i+t/U6t9JUWlKWuW+WxKA\
    nAp+htjpk+BJ+F07ueaAT1IEHUL+1ccqle8amXfV/8386uAfguvLnSnT1loHiIkn6vWm6VevbfmQ3QwVuBfj7BNH4LQbomkEZ3j3\
    Itsl5retF3RgXzL/IUAKfZCvfYDnyIVMsXyDIfkT1aHcdT6SNC5/L8qdnyr52zOXMN5a5yoyKGeiKBngQ2z+4Ug9+qmL6C0qkxaJ\
    6MnO1J/m3dMXGTLpKIxGBfLUuu/PvW1R5QeIw/FPRAA+wQKBgQDyi6sOUvj2H3cYfKa2/PYcwD7e30++OddWovS+gQPRXiqSCFI6\
    rMAJ848ew9z6VaU1+JuE6NAV02aMDe1oM6UdKcGx3h3AntWR5wdvf8YLWUGhMZ+dSHoqz1Ay3LVzWya49bIv6nWluBli7TvheUDz\
    pRkdz3k4zrOlQQcdaiaMdQKBgQDuoVJgIVtFpeKq7lKBPpRvCBGGcWd1+dwA6RuUIIpEqJtZh/GtZWzwoNKO0pthcHCo1LEpeAtR\
    Z6MHJAIM50DCOt4zKrfUHvTHyJK0JUTqWbiNUXsMeBZPwROFP7xrtJe0xr51pPaKjppE71Fn4/aghMIcntJy03m27S5IFcDlDwKB\
    gQCV+KyFR+Ku9NfEKVdAcHuRXYHCd1wsaEFxTYN9w/JjZBF4iHKn2ydHP/Vv9XXOyGRGUfl/niEETdnrobT5KG3g8W/WFlxZPR0b\
    gTnExMHlRIRjMnbaXvVDQTr6qCP+Nw9jcHCEVjn2hTYVSFEtYrc5sA0utJnk+VJ1TRckJf29/QKBgQCaGc+qiJ/6gD+6hqD9Gb6d\
    XSaEHaPkifBLHj5TEBh6ci+wR5wIj+EkG5cd6F+zMvtt67xkvUMB1N1w9Q3l60jkpUNs439HGp6UjbA/aXnxpPMLP70otjwiUNsc\
    R6aUH1GAyn+gVWFo5OI29h0p7AsOae04sk/RG0QUn2It5u5kfQKBgQCmeFNKO8RRtBY23A8yv4TskhS5d4C/w3fRcb43W2Lrpq1D\
    7YxPeLZ3C+3lsmE76B4df4D7SGaevqReGiMiYZOluHgC1gVNDvvRjwfcgBwKCUmhaBHuK5mURSwYD2cpIJ9V7vYJaf/X3/GLrwge\
    DWbNi18JiTplstZ7n2B8FrPqPg==";
