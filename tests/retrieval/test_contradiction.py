"""What makes two similar texts different claims, and what does not."""

import time

import pytest

from retrieval.contradiction import find_contradictions
from retrieval.listed import CLASSES, WORDS
from retrieval.normalise import fold


@pytest.mark.parametrize(
    ("message", "entry"),
    [
        ("柿子和螃蟹一起吃會中毒", "柿子和優格一起吃會中毒"),
        ("每天喝3杯咖啡可以防癌", "每天喝8杯咖啡可以防癌"),
        ("自來水廠通知：2021/1/11 全市停水一天", "自來水廠通知：2021/11/1 全市停水一天"),
        ("健保卡七月起可以在國外使用", "健保卡七月起不可以在國外使用"),
        ("明天起中油汽油漲價一元，快去加油", "明天起中油汽油降價一元，快去加油"),
        ("台中市明天全面停班停課", "高雄市明天全面停班停課"),
        ("吃阿斯匹靈可以預防大腸癌", "吃普拿疼可以預防大腸癌"),
        ("大家早安，-5度的低溫明天就會來到全台", "5度的低溫明天就會來到全台"),
        ("大家早安，±5度的誤差明天就會修正", "5度的誤差明天就會修正"),
        ("這次輻射外洩的量有10²毫升", "這次輻射外洩的量有102毫升"),
        ("這次輻射外洩的量超過10²很多", "這次輻射外洩的量超過102很多"),
        ("濃度從1.5-10都會中毒，不要買", "濃度從1.5-1都會中毒，不要買"),
        ("大家早安，.5度的地震剛剛發生在花蓮", "5度的地震剛剛發生在花蓮"),
        ("三個月後身分證全面換發", "六個月後身分證全面換發"),
        ("馬英九宣布退出政壇", "蔡英文宣布退出政壇"),
        ("沒有左轉燈直行往前會被罰", "有左轉燈直行往前會被罰"),
        ("搶救南部觀光 每人每天補助5000元", "搶救南部觀光 每人每天補助500元"),
        ("10月19日東協十國會議決定明年起互免關稅", "9月10日東協十國會議決定明年起互免關稅"),
        ("饗食天堂史上最優惠，7人同行1人免費", "饗食天堂史上最優惠，4人同行1人免費"),
        ("台灣和澳門被排除在東協之外，大陸很高興", "台灣和高雄被排除在東協之外，大陸很高興"),
        ("有人說再忙也不要聽這一席話免得台灣被拖垮，這是錯誤的", "有人說再忙也要聽這一席話免得台灣被拖垮，這是錯誤的"),
        ("The vaccine killed 30% of the volunteers", "The vaccine killed 50% of the volunteers"),
        ("Cases rose by fifteen percent in Texas last week", "Cases rose by 35% in Texas last week"),
        ("Cases rose by 15% in Texas last week", "Cases fell by 15% in Texas last week"),
        ("This law makes it legal to carry a gun in schools", "This law makes it illegal to carry a gun in schools"),
        ("Vaccines cause autism in small children", "Vaccines don't cause autism in small children"),
        ("You can't enter Canada with this vaccine", "You can enter Canada with this vaccine"),
        ("WHO宣布停用這種疫苗", "CDC宣布停用這種疫苗"),
        ("The pain was on the left side of the chest", "The pain was on the right side of the chest"),
        ("More than 100 people died in the flood", "Less than 100 people died in the flood"),
        ("普發六千元現金", "普發9000元現金"),
        ("月薪三萬", "月薪5萬"),
        ("每天喝咖啡不致癌，每天喝茶致癌", "每天喝咖啡致癌，每天喝茶不致癌"),
        ("空腹不要喝牛奶會拉肚子", "空腹可以喝牛奶"),
        ("喝咖啡會增加心臟病風險", "喝咖啡會降低心臟病風險"),
        ("今年失業率提高了三成", "今年失業率減少了三成"),
        ("明天起油價每公升上漲一元", "明天起油價每公升調降一元"),
        ("Germany has banned the burning of holy books", "Sweden has banned the burning of holy books"),
    ],
)
def test_it_finds_what_was_changed_whichever_comes_first(message: str, entry: str) -> None:
    assert find_contradictions(message, entry)
    assert find_contradictions(entry, message)


GREETING = "各位群組裡的好朋友大家平安，剛剛有醫生朋友傳來這個，"


@pytest.mark.parametrize(
    ("told", "changed"),
    [
        ("柿子不能配牛奶", "柿子可以配牛奶"),
        ("柿子和牛奶不能一起吃", "柿子可以和牛奶一起吃"),
        (
            "隔夜菜不能吃，吃了會致癌，醫生說每年有三",
            "隔夜菜可以吃，吃了會致癌，醫生說每年有三千人因此送醫，請告訴家人",
        ),
        ("早上空腹千萬不要喝牛奶，會拉肚子", "早上空腹可以喝牛奶"),
        (
            "每天早上喝三杯溫水可以降血壓，這是台大",
            "每天早上喝八杯溫水可以降血壓，這是台大醫院的研究，已經有五百人試過",
        ),
        ("吃完海鮮再吃柿子會中毒，昨天我表", "吃完海鮮再吃芭樂會中毒，昨天我表姊的同事就這樣送醫，醫生說還好發現得早"),
        ("明天起中油汽油漲價，大家快去", "明天起中油汽油降價，大家快去加油，很多站已經在排隊了，不要等到晚上才去"),
        ("masks do not stop the virus, say experts in", "Masks stop the virus, say experts in Denmark and Sweden"),
    ],
)
@pytest.mark.parametrize("before", ["", GREETING])
def test_it_finds_what_was_changed_behind_a_greeting_and_before_a_cut_end(told: str, changed: str, before: str) -> None:
    assert find_contradictions(before + told, changed)
    assert find_contradictions(changed, before + told)


@pytest.mark.parametrize(
    ("advice", "reason"),
    [
        ("空腹不要喝牛奶會拉肚子", "空腹喝牛奶會拉肚子"),
        ("飯後不能馬上洗澡，會中風", "飯後馬上洗澡，會中風"),
        ("感冒不能喝牛奶，會生痰", "感冒喝牛奶會生痰"),
        ("請勿點選此連結，帳號會被盜", "點選此連結，帳號會被盜"),
        ("孕婦不可吃薏仁會流產", "孕婦吃薏仁會流產"),
        ("手機充電時不能講電話會爆炸", "手機充電時講電話會爆炸"),
        ("蝦子不能和檸檬一起吃，會產生砒霜", "蝦子和檸檬一起吃會產生砒霜"),
        ("別喝隔夜茶會致癌", "喝隔夜茶會致癌"),
    ],
)
@pytest.mark.parametrize("before", ["", GREETING])
def test_advice_and_its_reason_are_one_claim(advice: str, reason: str, before: str) -> None:
    assert find_contradictions(before + advice, reason) == ()
    assert find_contradictions(reason, before + advice) == ()
    assert find_contradictions(before + reason, advice) == ()


@pytest.mark.parametrize("before", ["", GREETING])
@pytest.mark.parametrize("denial", ["不能", "不會"])
def test_a_denial_that_only_moved_is_the_same(denial: str, before: str) -> None:
    one, other = f"地瓜{denial}和柿子一起吃，會得胃結石", f"地瓜和柿子{denial}一起吃，會得胃結石"
    assert find_contradictions(before + one, other) == ()
    assert find_contradictions(other, before + one) == ()


@pytest.mark.parametrize(
    ("message", "entry"),
    [
        ("普發六千元現金", "普發6000元現金"),
        ("政府補助一萬元", "政府補助10000元"),
        ("政府補助1萬元", "政府補助一萬元"),
        ("政府補助1萬元", "政府補助10,000元"),
        ("損失三億兩千萬元", "損失3億2000萬元"),
        ("停車罰九百元", "停車罰900元"),
        ("三百人確診", "300人確診"),
        ("月薪1.5萬", "月薪15000"),
        ("月薪3萬5", "月薪三萬五千"),
        ("月薪兩千", "月薪2000"),
        ("數十人死亡", "50人死亡"),
        ("千萬不要點這個連結會被盜", "萬一點這個連結會被盜"),
        ("群組有5千萬不要點", "群組有5千萬別點"),
        ("十分危險的食物", "五分危險的食物"),
        ("死亡三分之一的人", "死亡1/3的人"),
    ],
)
@pytest.mark.parametrize("before", ["", GREETING])
def test_an_amount_is_the_same_however_it_is_written(message: str, entry: str, before: str) -> None:
    assert find_contradictions(before + message, entry) == ()
    assert find_contradictions(entry, before + message) == ()


@pytest.mark.parametrize(
    "question", ["請問柿子能不能配牛奶？", "柿子可以配牛奶嗎？", "柿子是否不能配牛奶", "請問柿子配牛奶會中毒嗎？"]
)
@pytest.mark.parametrize("entry", ["柿子不能配牛奶，會中毒", "柿子可以配牛奶，不會中毒"])
def test_a_question_contradicts_neither_answer(question: str, entry: str) -> None:
    assert find_contradictions(question, entry) == ()


def test_asking_whether_a_claim_is_true_makes_the_claim() -> None:
    assert find_contradictions("柿子不能配牛奶，這是真的嗎？", "柿子可以配牛奶")
    assert find_contradictions("關掉警告功能，否則資料會傳給騰訊\n\n請問是否真實", "關掉警告功能，否則資料不會傳給騰訊")


def test_what_cannot_be_is_no_advice_where_no_harm_is_told() -> None:
    told = "最新研究證實新冠疫苗預防重症，只減輕一點點症狀，請大家告訴大家"
    assert find_contradictions(told.replace("預防", "不能預防"), told)
    assert find_contradictions("感冒不能喝牛奶，會生痰", "感冒喝牛奶會生痰") == ()


def test_it_takes_two_words_that_meet_for_no_question() -> None:
    assert find_contradictions("藍蕉成熟後果皮還是不會轉成淡黃色", "藍蕉成熟後果皮還是會轉成淡黃色")


@pytest.mark.parametrize(
    ("message", "entry"),
    [
        ("柿子不能配牛奶", "網路上說柿子不能配牛奶，其實柿子可以配牛奶"),
        ("醫生說不會！每天喝三杯溫水可以降血壓", "每天喝三杯溫水可以降血壓"),
        ("吃香蕉會不會致癌？", "吃香蕉會致癌"),
        ("喝熱水會治癌", "【錯誤】網傳喝熱水會治癌？專家：不會"),
        ("南韓實測氣炸鍋易產生致癌物", "韓國實測氣炸鍋恐致癌"),
        ("大家早安！柿子不能配優酪乳，請轉發", "柿子不能配優酪乳"),
        ("每天喝3,000毫升的水", "每天喝3000毫升的水"),
        ("地震規模...5度的地震剛剛發生", "地震規模5度的地震剛剛發生"),
        ("水溫只升 .50度就會白化", "水溫只升 0.5度就會白化"),
        ("大家早安^_^柿子配螃蟹會中毒^^", "柿子配螃蟹會中毒"),
        ("三個月後換發", "3個月後換發"),
        ("今天天氣很好", "股票跌了30%"),
        ("吃柿子會中毒，這是真的還是假的", "吃柿子會中毒"),
        ("悠遊卡號後四碼登記，5月嗶9", "悠遊卡號後四碼登記，5月嗶999送50回饋金"),
        ("三😡千👍八百萬噸的二氧化碳", "三千八百萬噸的二氧化碳"),
        ("NASA warned of fifteen days of darkness", "nasa: the earth will be dark for 15 days"),
        ("Drinking bleach cures covid", "No, drinking bleach does not cure covid"),
        ("Aluminum in deodorant causes breast cancer", "Aluminium in deodorants causes breast cancer"),
        ("Too much acetaminophen damages the liver for good", "Too much paracetamol damages the liver for good"),
        ("Smoking marijuana protects you from covid", "Smoking cannabis protects you from covid"),
        ("The flu killed more people than covid this year", "Influenza killed more people than covid this year"),
        ("The USA will ban all petrol cars by 2030", "America will ban all petrol cars by 2030"),
        ("Britain will ban all petrol cars by 2030", "England will ban all petrol cars by 2030"),
        ("The UK will ban all petrol cars by 2030", "Britain will ban all petrol cars by 2030"),
        ("Strawberry with milk is poisonous to children", "Strawberries with milk are poisonous to children"),
        ("The president left the White House at night", "The president was right to leave the White House at night"),
        ("More than 100 people died in the flood", "No less than 100 people died in the flood"),
        ("Is it true that drinking bleach cures covid", "It is false that drinking bleach cures covid"),
        ("The court found that the driver was not guilty", "The court found that the driver was innocent"),
        ("Schools in Texas shut down all over the state", "Schools in Texas closed up all over the state"),
        ("Putin met the man who sells the gas", "Putin met the man at NASA that sells the gas"),
        ("網傳Trump宣布退出政壇不再參選", "網傳川普宣布退出政壇不再參選"),
        ("維生素C吃太多會腎結石", "維他命C吃太多會腎結石"),
        ("免費贈送 Taiwan LINE 貼圖", "免費贈送台灣 LINE 貼圖"),
        ("", "柿子"),
        ("👍", "🔴"),
    ],
)
def test_it_is_silent_where_nothing_contradicts(message: str, entry: str) -> None:
    assert find_contradictions(message, entry) == ()


def test_what_has_two_names_is_listed_under_both() -> None:
    listed = {word for name in CLASSES for word in fold((WORDS / f"{name}.txt").read_text(encoding="utf-8")).split()}
    names = fold((WORDS / "same.txt").read_text(encoding="utf-8")).replace("/", " ").split()
    assert len(names) == len(set(names))
    assert set(names) <= listed


def test_it_names_the_words_that_differ_in_the_order_asked() -> None:
    assert find_contradictions("柿子配螃蟹會中毒", "柿子配啤酒會中毒") == (("螃蟹", "啤酒"),)


def test_it_names_a_changed_date_once() -> None:
    differing = find_contradictions("4月4日起全台停班停課", "3月27日起全台停班停課")
    assert differing == (("4/4", "3/27"),)


def test_it_shows_words_as_they_were_written() -> None:
    differing = find_contradictions("柿子和雞蛋一起吃會中毒", "柿子和優格一起吃會中毒")
    assert differing == (("雞蛋", "優格"),)


CLAIM = "每天早上空腹喝三杯溫水加檸檬可以預防大腸癌和糖尿病，醫生說的"
CHANGED = CLAIM.replace("三杯", "八杯")


@pytest.mark.parametrize("between", ["", "\n", "。", "！！\n\n"])
@pytest.mark.parametrize("times", [(1, 10), (10, 1), (10, 10), (10, 40)])
def test_a_claim_pasted_over_and_over_is_compared(between: str, times: tuple[int, int]) -> None:
    message, entry = (CLAIM + between) * times[0], (CHANGED + between) * times[1]
    assert find_contradictions(message, entry) == (("3杯", "8杯"),)
    assert find_contradictions(message, (CLAIM + between) * times[1]) == ()


def test_of_what_is_pasted_over_and_over_every_different_sentence_counts() -> None:
    end = "柿子配螃蟹會中毒。"
    text = (CLAIM + "。") * 12
    assert find_contradictions(text + end, text + end.replace("螃蟹", "優格")) == (("螃蟹", "優格"),)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "不" * 5000,
        "台灣3天" * 1200,
        "1" * 5000,
        "有沒有" * 1700,
        "12月31日" * 900,
        "柿子" * 2500,
        "n't " * 1200,
        CLAIM * 150,
    ],
)
def test_it_takes_bounded_time_on_hostile_texts(text: str) -> None:
    start = time.process_time()
    for other in (text[::-1] + "柿子", "一".join(text[:1000]), text[:260] + "柿子", "不是".join(text.split("月"))):
        find_contradictions(text, other)
        find_contradictions(other, text)
    assert time.process_time() - start < 5
