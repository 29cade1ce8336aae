@echo off
rem Installs; with /q it asks nothing. See README.txt.
chcp 65001 >nul
setlocal
net session >nul 2>&1
if errorlevel 1 goto not_admin
{ca}certutil.exe -f -addstore Root "%~dp0lachan-ca.cer" >nul
{ca}if errorlevel 1 goto failed
reg.exe import "%~dp0lachan.reg" >nul 2>&1
if errorlevel 1 goto failed
copy /y "%~dp0La Chan.url" "%PUBLIC%\Desktop\La Chan.url" >nul
if errorlevel 1 goto failed
ipconfig.exe /flushdns >nul
echo Đã cài đặt xong. Hãy đóng và mở lại trình duyệt.
echo Done. Close the browser and open it again.
if /i not "%~1"=="/q" pause
exit /b 0

:not_admin
echo Hãy bấm chuột phải vào tệp này và chọn "Run as administrator".
echo Right-click this file and choose "Run as administrator".
if /i not "%~1"=="/q" pause
exit /b 1

:failed
echo Chưa cài đặt được. Hãy chép cả thư mục này vào máy rồi chạy lại.
echo It did not work. Copy this whole folder to the computer and run it again.
if /i not "%~1"=="/q" pause
exit /b 1
