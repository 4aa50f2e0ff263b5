# 未试过：没有在 Windows 上运行过，请先在测试机上试。
# 街鉴作为 Windows 服务：登录前就启动，断了自己重启。以管理员身份在 PowerShell 中运行。
# 需要 NSSM（https://nssm.cc，单个 nssm.exe，放在本脚本旁边），Windows 自带的 sc.exe 不能直接运行 Python。
param(
    [string]$Folder = "C:\jiejian",
    [string]$JiejianHome = "C:\jiejian-data",
    [string]$Name = "127.0.0.1"
)
$ErrorActionPreference = "Stop"
$nssm = Join-Path $PSScriptRoot "nssm.exe"
New-Item -ItemType Directory -Force -Path $JiejianHome | Out-Null
# 数据目录只有管理员和服务账户能读。
icacls $JiejianHome /inheritance:r /grant:r "*S-1-5-32-544:(OI)(CI)F" "*S-1-5-19:(OI)(CI)M" | Out-Null
& $nssm install Jiejian "$Folder\.venv\Scripts\python.exe" "-m" "streamlit" "run" "dashboard.py" "--server.address" "127.0.0.1" "--server.allowedHosts" $Name
& $nssm set Jiejian AppDirectory $Folder
& $nssm set Jiejian AppEnvironmentExtra "JIEJIAN_HOME=$JiejianHome" "PYTHONUTF8=1"
& $nssm set Jiejian ObjectName "NT AUTHORITY\LocalService"
& $nssm set Jiejian Start SERVICE_AUTO_START
& $nssm set Jiejian AppExit Default Restart
& $nssm start Jiejian
