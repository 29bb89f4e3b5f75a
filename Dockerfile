# One image for every process: docker build --build-arg PROCESS=services.history.main . — or name the process at run time: -e PROCESS=…
FROM node:24-slim AS assets
WORKDIR /otklik
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund --ignore-scripts --omit-lockfile-registry-resolved

FROM python:3.11-slim AS packages
COPY requirements.lock .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock

FROM python:3.11-slim
ARG PROCESS=services.intake.main
ENV PROCESS=$PROCESS PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 OTKLIK_HTTP_HOST=0.0.0.0
RUN useradd --system --uid 10001 --no-create-home otklik && install --directory --owner otklik /run/otklik /var/lib/otklik \
    /var/lib/objects /var/lib/hand-over
COPY --from=packages /venv /venv
# `otklik …` knows what the process of its container knows
RUN printf '%s\n' '#!/bin/sh' 'set -a' '[ ! -f /run/otklik/secrets.env ] || . /run/otklik/secrets.env' 'exec python -m cli "$@"' \
    > /usr/local/bin/otklik && chmod 755 /usr/local/bin/otklik
WORKDIR /otklik
COPY --from=assets /otklik/node_modules node_modules
COPY libs libs
COPY services services
COPY frontends frontends
COPY cli cli
COPY local local
USER otklik
# secrets.env holds what must not stand in a file that is committed or in `docker inspect`; where a platform sets variables itself it is absent
CMD ["sh", "-c", "set -a; [ ! -f /run/otklik/secrets.env ] || . /run/otklik/secrets.env; set +a; exec python -m $PROCESS"]
