"""Fixed texts on which a prepared encoder is compared with its source.

Two by two they say nearly the same, so that every text has one clear nearest neighbour; the rest are the odd inputs a
chat brings. Changing them changes no vector, only what is checked.
"""

PARITY_TEXTS = (
    "喝溫熱的檸檬水可以治好癌症，請轉發給你愛的人",
    "溫檸檬水能殺死癌細胞，快告訴親朋好友",
    "微信支付密碼倒過來輸入可以報警救命",
    "遇到搶匪時把提款卡密碼反著按，就會自動報警",
    "明天起身分證要全面換發，逾期將被罰款三萬元",
    "政府宣布身分證全面換發，沒換的人罰三萬",
    "手機放在枕頭旁邊睡覺會得腦瘤",
    "睡覺時把手機擺在頭邊，電磁波會導致腦部腫瘤",
    "疫苗裡面有晶片可以追蹤每一個人",
    "打了疫苗就會被植入晶片，從此被監控",
    "颱風天台電會在晚上八點全台停電",
    "台電通知：因為颱風，今晚八點起全台停電",
    "吃隔夜菜會中毒身亡，一家三口全部送醫",
    "一家三口吃了隔夜的菜中毒，送醫不治",
    "Drinking bleach cures the coronavirus, doctors confirm",
    "Doctors say that you can cure coronavirus by drinking bleach",
    "The moon landing in 1969 was filmed in a studio",
    "NASA faked the 1969 moon landing inside a film studio",
    "ดื่มน้ำมะนาวอุ่นช่วยรักษามะเร็งได้",
    "น้ำมะนาวอุ่น ๆ สามารถรักษาโรคมะเร็ง",
    "Minum air rebusan bawang putih dapat menyembuhkan virus corona",
    "Air rebusan bawang putih bisa menyembuhkan virus corona",
    "Uống nước chanh nóng có thể chữa khỏi ung thư phổi",
    "Nước chanh nóng chữa được bệnh ung thư phổi",
    "地震の前に必ず動物が騒ぐという研究結果が発表された",
    "動物は地震の前に必ず騒ぐことが研究で分かった",
)

ODD_TEXTS = (
    "",
    "👍🔴",
    "https://example.com/a?b=1&c=%E4%B8%AD",
    "a" * 3000,
    "轉" * 1200,
    "\u200b\u200d \n\t",
)
"""Compared by cosine alone: they need no neighbour."""
