"""What frames a question about a rumour and says nothing of it: "請問大家，聽說…，是真的嗎？謝謝".

Half of a short question is its frame. Compared with a report, the frame counts as words that the report lacks, and to
the encoder any two questions are alike. So it is taken off both ends before a message is compared. What stays is the
claim as it is told, and may still be a question ("會不會中毒"). "是詐騙嗎" stays: it is what such a report is about.
Whoever hands a rumour on goes only with the verb of saying that follows ("老師說"): without it they are whom
the rumour is about ("聽說小孩打疫苗…"), and so is the day it is about. A platform before such a verb is who says it.
"""

import regex

LONGEST = 80
"""Characters up to which a text may be a framed question: a longer one tells a story, however it begins."""
SHORTEST = 5
"""Where fewer characters would stay, the frame is what the text says ("這是真的嗎？")."""
BACK_WITHIN = 40
"""Characters at the end in which its frame is looked for."""

# Atomic groups: what is said over and over (爸爸爸爸…) is read in one way, not in millions.
_GAP = r"[\s，,。、：:！!？?~～「」『』]*+"
_WHO = (
    "(?>我們?|我家|小孩|孩子|你們?|您|大家|各位|有人|人家|別人|网友|網友|朋友們?|家人|親戚|亲戚|同事|同學|同学|老師|老师|鄰居|邻居|長輩|长辈"
    "|媽媽?|妈妈?|爸爸?|阿[嬤公姨伯]|奶奶|爺爺|爷爷|婆婆|公公|老[婆公]|女兒|女儿|兒子|儿子|姊姊?|姐姐?|哥哥?|弟弟?|妹妹?)"
)
_PLATFORM = "(?:LINE|賴|臉書|脸书|FB|抖音)"
_ON = "(?:[上裡里][面頭头]?(?![傳传](?![說说言來来])))"
_WHERE = (
    f"(?>(?:在{_PLATFORM}(?:群組?|群组?)?|{_PLATFORM}(?:群組?|群组?)){_ON}?|{_PLATFORM}{_ON}"
    "|在?(?:學校|学校|公司|社區|社区|家族)?(?:網路|网路|網絡|网络|網|网|群組|群组)(?:群組?|群组?)?"
    f"{_ON}?)"
)
"""Where something is told. A platform alone is who tells it, or whom it is about."""
_WHEN = "(?>最近|剛剛?|刚刚?|剛才|刚才|今天|昨天|一直|都|又|有(?!些)|在|很多)"
_SPREAD = "(?:流傳|流传|謠傳|谣传|盛傳|盛传|瘋傳|疯传|網傳|网传|傳言|传言)(?![出的了多約约甚已至到])"
_SAYS = (
    "(?:[轉转][傳传](?![給给假裸])|[傳传][來来說说]"
    "|[傳传](?![染統统承家真授播遞递送輸输聞闻銷销單单票喚唤媒奇記记教神達达導导球閱阅開开回假裸給给出到的了過过]|中[了球])"
    "|[說说](?![法話话壞坏髒脏假服謊谎客唱穿教詞词辭辞帖不好錯错完起到得出的了過过課课]|中了|明(?![天年日早晚]))"
    "|[講讲](?![究座師师義义習习堂稿述課课話话解價价求理道明和評评好出到的了過过]|[台臺](?![灣湾北中南])))"
)
"""A verb of saying that is no part of a longer word ("說謊", "傳播", "講究")."""
_ASK = (
    "(?:(?:想要?|要)?(?:請問|请问|請教|请教)|(?:問|问)(?=一下)"
    "|想要?(?:問|问|知道|確認|确认|求證|求证|查證|查证))(?:一下)?"
)
_CHECK = "(?:求證|求证|查證|查证|確認|确认|求解)"
_TO_ME = "(?:[轉转傳传]?[給给]我(?:看|們|们)?|(?:跟|和|告訴|告诉|對|对)我)"
_MESSAGE = "(?>一則|一则|這則|这则|訊息|讯息|消息|影片|文章)"
_PAUSE = r"(?=[\s，,：:！!？?~～「『])"
_TRUE = (
    "(?:(?:不[實实]的?)?(?:真的|假的|真實的?|真实的?|正確的?|正确的?|可信的?|謠言|谣言|假消息|假訊息|假新聞|假新闻|屬實|属实|事實|事实"
    "|有這回事|有这回事|有這種事|有这种事|有這件事|有根據|有根据))"
)
_THIS = "(?:(?:這|这|那|此|以上)(?:個|个|則|则|件|種|种)?(?:訊息|讯息|消息|傳言|传言|說法|说法|新聞|新闻|影片|事情?)?)"
_WHETHER = "(?>是不是|是否|到底|究竟)"
_END = "[嗎吗嘛么麼呢啊呀？?]"

_TELLER = f"(?>{_WHO}|{_WHERE}|{_WHEN})"
_FRONT = regex.compile(
    rf"^(?:{_GAP}(?:"
    rf"{_ASK}(?:(?>{_WHO}+){_PAUSE}|是否|是不是|{_SAYS})*+(?:{_WHERE}?的?{_THIS}(?=[「『：:]))?|{_CHECK}(?=[\s，,：:])"
    rf"|(?:不好意思|您好|你好|大家好|哈囉|嗨|hi|hello)(?=[\s，,！!～~。])"
    rf"|{_THIS}(?:{_WHETHER}|是|為|为)?{_TRUE}{_END}++(?=[\s，,：:「『])"
    rf"|{_TELLER}*+(?:[聽听]{_WHO}{{0,2}}+(?:說|说|講|讲)(?![讀读])|{_SPREAD})"
    rf"(?:(?>{_TELLER}|{_MESSAGE})*+{_SAYS}|{_MESSAGE}++{_PAUSE})*+"
    rf"|{_TELLER}*+(?:聽到|听到|聽過|听过|看到|收到)(?>{_TELLER}|{_MESSAGE})*+{_SAYS}++"
    rf"|{_WHEN}*+(?:{_WHO}|{_WHERE})(?:{_TELLER}|{_TO_ME})*(?:{_SAYS}|[轉转傳传][給给]我(?:看|們|们)?+{_PAUSE})"
    rf"(?:(?>{_TO_ME}|{_MESSAGE})*+{_SAYS}|(?>{_TO_ME}|{_MESSAGE})++{_PAUSE})*+"
    rf"|{_WHEN}*[都在]{_SAYS}"
    rf"|is it (?:really )?true that|(?:i|we) (?:have |just )?heard that"
    rf"))++{_GAP}",
    regex.IGNORECASE,
)
_BACK = regex.compile(
    rf"(?:{_GAP}[耶喔欸哦啦]?{_GAP}(?<![不沒没非未無无別别]|[不非]是)(?:"
    rf"(?:{_ASK})?(?:{_WHO}*(?:知道|曉得|晓得))?{_THIS}?(?>{_WHETHER}|是|為|为)*(?:真假|{_TRUE})(?:(?:還是|还是|或)?是?{_TRUE})?{_END}++"
    rf"|(?:{_ASK})?{_THIS}?(?:{_WHETHER}{_TRUE}|(?:{_WHETHER}|是|為|为)?{_TRUE}(?:還是|还是|或)是?{_TRUE}|{_WHETHER}?(?:是真是假|真的假的))"
    rf"|(?:有沒有這回事|有没有这回事|有沒有這種事|有沒有根據|有没有根据){_END}*+"
    rf"|(?:請|请|幫忙|帮忙|麻煩|麻烦|拜託|求)+(?:大家|協助|协助)?(?:查證|查证|查一?下|確認|确认|解答)(?:一下)?"
    rf"|(?<=[\s，,。！!？?、」』])(?:{_CHECK}(?:一下)?|{_ASK})|(?:謝謝|谢谢|感謝|感谢|感恩){_WHO}?"
    rf"|\bis (?:this|that|it) (?:really )?(?:true|real|fake)|\btrue or (?:false|fake)|\bfake news\?"
    rf"){_GAP})+$",
    regex.IGNORECASE,
)


def without_frame(text: str) -> str:
    """Return a short question without its frame; the text itself where it has none, or hardly anything else."""
    if len(text) > LONGEST:
        return text
    claim = _FRONT.sub("", text)
    if asked := _BACK.search(claim, max(0, len(claim) - BACK_WITHIN)):
        claim = claim[: asked.start()]
    claim = claim.strip()
    return claim if len(claim) >= SHORTEST else text
