"""What people and apps do to a video or recording on its way, as arguments of ffmpeg."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.recordings.made import RATE, ffmpeg

BARS = "scale=360:270,pad=360:780:0:255:black,drawbox=x=20:y=20:w=90:h=24:color=white:t=fill"
"""A phone's screen: the video between black bars, with something white where the clock is."""


@dataclass(frozen=True, slots=True)
class Distortion:
    """Filters of pictures and sound, how much is cut, and how coarsely it is encoded."""

    pictures: str = "null"
    sound: str = "anull"
    cut: tuple[str, ...] = ()
    crf: int = 30
    bit_rate: str = "64k"

    def apply(self, source: Path, target: Path, *, has_pictures: bool) -> None:
        looks = ("-vf", self.pictures, "-c:v", "libx264", "-preset", "ultrafast", "-crf", str(self.crf))
        ffmpeg(
            *(*self.cut, "-i", str(source), *(looks if has_pictures else ("-vn",))),
            *("-af", self.sound, "-c:a", "aac", "-b:a", self.bit_rate, str(target)),
        )


def _faster(by: float) -> Distortion:
    return Distortion(f"setpts=PTS/{by}", f"asetrate={RATE}*{by},aresample={RATE}")


DISTORTIONS: Mapping[str, Distortion] = {
    "encoded anew": Distortion(),
    "lowest bit rates": Distortion(crf=40, bit_rate="24k"),
    "to 40 % of its width": Distortion("scale=trunc(iw*0.2)*2:-2", "aresample=16000", crf=34, bit_rate="32k"),
    "cropped by 4 %": Distortion("crop=iw*0.96:ih*0.96"),
    "cropped by 10 %": Distortion("crop=iw*0.9:ih*0.9"),
    "2 % faster, higher": _faster(1.02),
    "2 % slower, lower": _faster(0.98),
    "6 % faster, higher": _faster(1.06),
    "6 % slower, lower": _faster(0.94),
    "2 % faster, same pitch": Distortion("setpts=PTS/1.02", "atempo=1.02"),
    "noise in both": Distortion(
        "noise=alls=24:allf=t", f"volume=0.7[a];anoisesrc=r={RATE}:a=0.03[b];[a][b]amix=duration=first"
    ),
    "quieter, brighter": Distortion("eq=brightness=0.08:contrast=1.2", "volume=0.25"),
    "first 5 s cut off": Distortion(cut=("-ss", "5")),
    "6 s out of it": Distortion(cut=("-ss", "7", "-t", "6")),
    "screen recording": Distortion(BARS, "highpass=200,lowpass=6000"),
    "mirrored": Distortion("hflip"),
}
