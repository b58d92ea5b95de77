# Builds the root folder of a server in a mount namespace of its own, and stays there.
#   sh root.sh install CACHE    what is written goes to CACHE/up, to stay
#   sh root.sh run CACHE        what is written goes to memory and is gone with the namespace
# Each folder of the machine that packages write to lies below as it is and is not changed. The
# layers are made folder by folder, because a layer may not lie within another one, as CACHE does
# within the machine's root. Prints the process id that the outside knows and stays until its input ends.
set -eu
mode=$1 cache=$2 root=$2/root
# The machine's /proc still: in it, we have the number that the machine knows us by.
read -r pid _ < /proc/self/stat

mount -t tmpfs -o mode=755 inhaul-lab "$root"
for folder in /*; do
  name=${folder#/}
  if [ -L "$folder" ]; then
    ln -s "$(readlink "$folder")" "$root/$name"
    continue
  fi
  case $name in
    bin | etc | lib | lib32 | lib64 | libx32 | opt | sbin | usr | var) ;;
    *) continue ;;
  esac
  mkdir -p "$root/$name"
  if [ "$mode" = install ]; then
    lower=$folder upper=$cache/up/$name work=$cache/work/$name
  else
    lower=$cache/up/$name:$folder upper=$root/.layers/up/$name work=$root/.layers/work/$name
  fi
  mkdir -p "$upper" "$work"
  mount -t overlay overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work" "$root/$name"
done

mkdir -p "$root/.layers" "$root/dev" "$root/home" "$root/proc" "$root/root" "$root/run" "$root/tmp"
chmod 1777 "$root/tmp"
mount -t proc proc "$root/proc"
for device in full null random tty urandom zero; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
mkdir -p "$root/run/lock"
if [ "$mode" = install ] && [ -L "$root/etc/resolv.conf" ]; then
  # It leads to a /run that is not there.
  names=$(cat /etc/resolv.conf)
  rm "$root/etc/resolv.conf"
  echo "$names" > "$root/etc/resolv.conf"
fi

# Said from within: until then, /proc/PID/root leads to the machine's own root.
exec chroot "$root" sh -c 'echo "ready $1"; exec cat > /dev/null' sh "$pid"
