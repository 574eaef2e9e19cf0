# One image for the web server, the worker and beat; which of them it is, the command says.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 REMIT_DATA=/data REMIT_STATIC_ROOT=/app/staticfiles
WORKDIR /app

# The importer reads Git repositories.
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin remit \
    && install -d -o remit /data

COPY requirements/ requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/run.txt

COPY manage.py ./
COPY config/ config/
COPY governance/ governance/
COPY knowledge/ knowledge/
COPY accounts/ accounts/
# Collected with an embedded configuration in a folder that is thrown away: no secret is needed, and none stays in the image.
RUN REMIT_DATA=/tmp/build python manage.py collectstatic --no-input --verbosity 0 && rm -rf /tmp/build

USER remit
VOLUME /data
EXPOSE 8000
CMD ["python", "manage.py", "serve", "--no-prepare", "--host", "0.0.0.0", "--port", "8000"]
