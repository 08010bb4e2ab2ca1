# Starts MiniStack with answers that take a few milliseconds, as AWS's do.
#
# Terraform's AWS provider closes the body of a request once it has the answer. Where the answer is back before the
# body's end was noted, Go takes the request for failed and drops the connection. What was made is then made again, and
# refused as existing already. With answers within a millisecond that met 2 of 1,000 requests, with these none of 12,000.
import asyncio

import ministack.app

LEAST_TIME_S = 0.005

at_once = ministack.app.app


async def unhurried(scope, receive, send):
    async def later(event):
        if event["type"] == "http.response.start":
            await asyncio.sleep(LEAST_TIME_S)
        await send(event)

    await at_once(scope, receive, later if scope["type"] == "http" else send)


ministack.app.app = unhurried
ministack.app.main()
