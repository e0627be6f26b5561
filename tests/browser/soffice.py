"""LibreOffice without a window: open a file, edit it by a macro, save it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE library:library PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "library.dtd">
<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard" library:readonly="false"
 library:passwordprotected="false">
 <library:element library:name="Module1"/>
</library:library>
"""
MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1" script:language="StarBasic">{code}</script:module>
"""
MACRO = """
Sub Edit(source As String, target As String, filter As String)
  Dim hidden(0) As New com.sun.star.beans.PropertyValue
  hidden(0).Name = "Hidden"
  hidden(0).Value = True
  document = StarDesktop.loadComponentFromURL(source, "_blank", 0, hidden())
  {edit}
  Dim how(0) As New com.sun.star.beans.PropertyValue
  how(0).Name = "FilterName"
  how(0).Value = filter
  document.storeToURL(target, how())
  document.close(True)
  StarDesktop.terminate()
End Sub
"""


def run(profile: Path, *arguments: str) -> None:
    """One run of the program with a profile of its own."""
    settings = f"-env:UserInstallation={profile.as_uri()}"
    subprocess.run([str(SOFFICE), settings, "--headless", "--norestore", "--nologo", *arguments], check=True, capture_output=True, timeout=240,
                   env={**os.environ, "SAL_USE_VCLPLUGIN": "svp"})


def edited(source: Path, target: Path, edit: str, kind: str) -> None:
    """Open `source`, run Basic statements on `document`, save it as `target` by the filter `kind`."""
    profile = target.parent / "profile"
    run(profile, "--terminate_after_init")
    basic = profile / "user" / "basic" / "Standard"
    basic.mkdir(parents=True, exist_ok=True)
    (basic / "script.xlb").write_text(LIBRARY, encoding="utf-8")
    code = MACRO.replace("{edit}", edit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    (basic / "Module1.xba").write_text(MODULE.replace("{code}", code), encoding="utf-8")
    run(profile, f'macro:///Standard.Module1.Edit("{source.as_uri()}","{target.as_uri()}","{kind}")')
