-- The backups of one droplet: sqloud --sandbox -f examples/backups.sql -v droplet_id=3164444
SELECT
id,
name,
created_at,
min_disk_size,
regions,
size_gigabytes,
type
FROM digitalocean.droplets.backups
WHERE droplet_id = '{{ droplet_id }}';
