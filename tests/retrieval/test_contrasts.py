"""A question in few words beside a report that tells at length: what it asks about must be told there."""

import pytest

from retrieval.contradiction import find_contradictions
from retrieval.listed import CLASSES, WORDS, holders
from retrieval.normalise import fold

PETROL = "緊急通知！下星期開始全台加油站的汽油一公升要漲三元，大家趕快把油箱加滿，錯過就虧大了。"
MILK = "全聯賣的鮮乳被驗出抗生素，已經緊急下架，買到的人可以退費，請大家告訴大家不要再喝了。"
TERMINAL = "桃園機場第一航廈下個月要拆掉重建，所有班機改到松山機場起降，出國的人請注意。"
FEE = "健保署說從八月起看急診要先繳兩千元，沒有繳的不能看診，請大家不要隨便去急診。"
BANANA = "香蕉千萬不要吃太多！最新研究證實，香蕉含有大量酪胺酸，長期食用會引發胃癌，請趕快通知家人。"


@pytest.mark.parametrize(
    ("question", "report"),
    [
        ("下週汽油真的要一公升降三元嗎", PETROL),
        ("下週汽油真的要一公升漲一塊嗎", PETROL),
        ("好市多的鮮乳驗出抗生素下架了？", MILK),
        ("全聯的鮮乳驗出塑化劑下架了？", MILK),
        ("桃園機場第二航廈要拆掉重建？", TERMINAL),
        ("八月開始看急診要先付五百？", FEE),
        ("十二月開始看急診要先付兩千？", FEE),
        ("聽說吃芭樂會得胃癌是真的嗎", BANANA),
        ("Does Pfizer pay for the shot in Texas?", "Moderna will pay everyone in Texas who takes the shot this spring"),
    ],
)
def test_it_finds_what_a_question_asks_and_the_report_tells_otherwise(question: str, report: str) -> None:
    assert find_contradictions(question, report)
    assert find_contradictions(report, question)


@pytest.mark.parametrize(
    ("question", "report"),
    [
        ("下週汽油真的要一公升漲三塊嗎", PETROL),
        ("聽說吃香蕉會得癌症是真的嗎", BANANA),
        ("看急診要先付2000嗎", FEE),
        ("桃園機場一航廈要拆掉重建？", TERMINAL),
        ("全聯的牛奶有問題？", MILK),
        ("這家的飲用水安全嗎", "這家的飲用水很危險，喝了會拉肚子"),
        ("台灣下週全面停課？", "台北下週一起全面停課兩個星期"),
        ("兒科學會說小孩超過四歲才能學游泳？", "兒科學會建議低於四歲的小孩不要學游泳"),
    ],
)
def test_it_is_silent_where_the_report_tells_what_is_asked(question: str, report: str) -> None:
    assert find_contradictions(question, report) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("十月起電費要調漲12%，請大家趕快節約用電，轉告親友", "十月起電價要調漲12%，請大家趕快節約用電，轉告親友"),
        ("下個月瓦斯漲價一成", "下個月天然氣漲價一成"),
        ("計程車司機提醒半夜勿開窗", "汽車駕駛半夜勿開窗"),
        ("汽車停車費漲", "電動車停車費漲"),
        ("吃香蕉會引發心臟病", "吃香蕉會引發心肌梗塞"),
        ("衛福部說香蕉有毒？", "食藥署上週公布，香蕉吃多了有毒，請轉告親友"),
        ("台灣下週全面停電？", "板橋下週一起全面停電兩天"),
    ],
)
def test_two_names_of_one_thing_and_a_kind_of_it_are_no_contrast(one: str, other: str) -> None:
    assert find_contradictions(one, other) == ()
    assert find_contradictions(other, one) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("油價明天調漲一元", "油價明天不降反升一元"),
        ("油價明天調漲一元", "下週油價不降反升，加油要快"),
        ("雞蛋又要漲了", "雞蛋價格不跌反升"),
        ("颱風過後菜價大漲", "颱風後菜價飆升，降雨影響產量"),
        ("房貸利率要漲", "央行不降息，房貸利率升"),
        ("今年會漲電費", "今年電費不會降"),
        ("股市下週大漲", "股市下週降息後大好"),
        ("喝咖啡會讓血壓飆漲", "喝咖啡無法降血壓，反而使血壓升高"),
        ("油價大漲", "油價大漲，飛機降落也要加價"),
        ("恢復每人領6000", "每人領6000取消排富"),
    ],
)
def test_a_direction_that_is_denied_or_part_of_another_word_is_none(one: str, other: str) -> None:
    assert find_contradictions(one, other) == ()
    assert find_contradictions(other, one) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("油價明天調漲一元", "油價明天調降一元"),
        ("下週油價要跌嗎", "下週油價飆升，加油要快"),
        ("今年電費會降嗎", "今年夏天的電費一定會漲，大家要省電"),
        ("雞蛋要降價了", "雞蛋又要漲了，每斤多五元"),
        ("特別降價的雞蛋", "特別漲價的雞蛋"),
        ("央行下個月升息", "央行下個月降息"),
    ],
)
def test_a_rise_is_no_fall(one: str, other: str) -> None:
    assert find_contradictions(one, other)
    assert find_contradictions(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("政府宣布2300萬都可領現金，快上網登記", "政府宣布全民發6000元現金，快上網登記"),
        ("全台2300萬都可領現金", "全民發6000元可領現金"),
        ("政府要買三千萬劑疫苗，打了送五百元", "政府要買疫苗，打了送500元"),
    ],
)
def test_a_large_number_is_no_money_where_none_is_told_of_beside_it(one: str, other: str) -> None:
    assert find_contradictions(one, other) == ()
    assert find_contradictions(other, one) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("這間工廠月薪三萬", "這間工廠月薪60000元"),
        ("沒戴安全帽罰款最高五萬", "沒戴安全帽罰款最高3000元"),
        ("登記就送三萬現金", "登記就送6000元現金"),
        ("有2300萬都可以登記", "有500萬都可以登記"),
    ],
)
def test_a_large_number_is_money_where_money_is_told_of_beside_it(one: str, other: str) -> None:
    assert find_contradictions(one, other)
    assert find_contradictions(other, one)


def test_a_story_may_name_other_things_than_a_question() -> None:
    told = ["掛號處的人說", "我也不清楚", "早上去問過一次", "排隊的人很多", "有位先生跟護理師吵了起來", "後來保全來了"]
    story = FEE + "，".join(f"{told[i % 6]}第{i}回" for i in range(40))
    assert find_contradictions("八月開始看急診要先付五百？", story) == ()


def test_pieces_of_a_thing_are_no_money() -> None:
    assert find_contradictions("每天吃三塊豆腐可以降血脂", "每天吃3塊豆腐可以降血脂，一個月只要500元") == ()


def test_what_holds_another_is_listed_and_so_is_what_it_holds() -> None:
    listed = {word for name in CLASSES for word in fold((WORDS / f"{name}.txt").read_text(encoding="utf-8")).split()}
    assert set(holders()) <= listed
    assert {whole for above in holders().values() for whole in above} <= listed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("市府說停水影響逾14萬戶", "市府說停水影響14萬4千戶"),
        ("去年順差831億美元創新高", "去年順差831.6億美元創新高"),
        ("工廠七、八成員工咳嗽", "工廠七成員工咳嗽"),
        ("上節目的價碼是行情的十倍到百倍", "上節目的價碼是行情的10到100倍"),
        ("7-11百萬會員慶送咖啡", "慶祝7-11破百萬會員，送咖啡"),
        ("這家店2018週年慶打折", "這家店2週的週年慶打折"),
        ("善款累計7810萬元捐給學校", "善款累計七千多萬元捐給學校"),
        ("援助1.5億美元蓋電廠", "援助45億蓋電廠"),
        ("在29/3前到銀行存證", "3月29日前到銀行存證"),
    ],
)
def test_an_amount_told_in_another_way_is_no_other_amount(one: str, other: str) -> None:
    assert find_contradictions(one, other) == ()
    assert find_contradictions(other, one) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("市府說停水影響逾14萬戶", "市府說停水影響29萬戶"),
        ("去年順差831億美元創新高", "去年順差524億美元創新高"),
        ("援助1.5億美元蓋電廠", "援助3億美元蓋電廠"),
        ("公投第10案請投同意票", "公投第14案請投同意票"),
    ],
)
def test_another_amount_is_one(one: str, other: str) -> None:
    assert find_contradictions(one, other)
    assert find_contradictions(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("住一晚領夜市券200元及溫泉券1000元", "住一晚領1000元溫泉券？"),
        ("最長壽的國家是日本、瑞士、西班牙、法國，沒有德國", "最長壽的國家是日本、西班牙嗎"),
        ("手機別放冰箱、電視、烤箱旁邊會爆炸", "手機放冰箱、微波爐旁邊會爆炸？"),
        ("立法院長說蔡英文派人管理國會", "民進黨派人到立法院管理國會"),
        ("水煮蛋煮太久會致癌", "雞蛋煮太久會致癌嗎"),
        ("特朗普下令撤出香港", "川普下令撤出香江"),
    ],
)
def test_who_lists_more_or_names_it_otherwise_says_the_same(one: str, other: str) -> None:
    assert find_contradictions(one, other) == ()
    assert find_contradictions(other, one) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("拉拉熊貼圖限時免費下載", "海綿寶寶貼圖限時免費下載"),
        ("這種茶可以降血糖", "這種茶可以降血壓嗎"),
        ("聽說新台幣要改版了", "聽說人民幣要改版了"),
        ("修正草案今天一讀", "修正草案今天三讀"),
        ("颱風來襲渡輪復航", "颱風來襲渡輪停航"),
        ("五萬人上街要求廢除新法", "五萬人上街要求通過新法"),
    ],
)
def test_what_the_lists_know_apart_is_seen(one: str, other: str) -> None:
    assert find_contradictions(one, other)
    assert find_contradictions(other, one)


def test_two_short_texts_with_no_word_in_common_tell_of_nothing_together() -> None:
    assert find_contradictions("淡水的碼頭釣到一條大魚", "倫敦鈔票驗出古柯鹼殘留") == ()
    assert find_contradictions("淡水的碼頭釣到一條大魚", "基隆的碼頭釣到一條大魚")
